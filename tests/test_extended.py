"""The list of the tests that ``make test`` leaves out."""

import pytest

from tests.conftest import LISTED_AND_MISSING


def test_every_listed_test_exists(request):
    if request.config.option.file_or_dir:
        pytest.skip("only some tests were collected")
    assert request.config.stash[LISTED_AND_MISSING] == []
