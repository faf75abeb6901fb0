"""All ways to a live database that are tried."""

from tests.ways import (
    children,
    later,
    libpq,
    python_drivers,
    same_server,
    sqlite,
    through_sqlalchemy,
)

WAYS = [
    *libpq.way,
    *python_drivers.way,
    *through_sqlalchemy.way,
    *children.way,
    *later.way,
    *same_server.way,
    *sqlite.way,
]
