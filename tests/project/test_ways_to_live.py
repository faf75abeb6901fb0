"""One way to a live database of each kind, and what becomes of it; ``make soak`` tries them all."""

import pytest

from tests.intruding import attempt, tcp_server  # noqa: F401  (fixtures)
from tests.ways.everything import WAYS

_ONE_OF_EACH = {
    "psycopg2.connect by PGHOST": "tcp",
    "psycopg.connect": "tcp",
    "asyncpg.connect": "tcp",
    "the protocol on a socket": "socket",
    "Python that is given the environment": "tcp",
    "a fork": "socket",
    "atexit, psql": "socket",
    "same server: asyncpg": "socket",
    "ATTACH by a parameter": "sqlite",
    "os.replace": "sqlite",
}


@pytest.mark.parametrize("name", _ONE_OF_EACH)
def test_way(attempt, name):  # noqa: F811
    (way,) = (one for one in WAYS if one.name == name)
    attempt(way, _ONE_OF_EACH[name]).require_outcome()
