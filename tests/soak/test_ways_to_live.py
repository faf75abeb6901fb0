"""Every known way by which user code may try to write to live, and what becomes of it."""

import pytest

from tests.intruding import attempt, tcp_server  # noqa: F401  (fixtures)
from tests.ways.everything import WAYS

pytestmark = pytest.mark.soak


@pytest.mark.parametrize(
    ("way", "sort"),
    [pytest.param(way, sort, id=f"{way.name}, {sort}") for way in WAYS for sort in way.lives],
)
def test_way(attempt, way, sort):  # noqa: F811
    attempt(way, sort).require_outcome()
