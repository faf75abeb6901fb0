"""Engines for the drivers of PostgreSQL that a project can use."""

import pytest
from sqlalchemy import create_engine

from driftcheck.databases.registry import database_for


@pytest.fixture(
    params=[
        "psycopg2",
        pytest.param("psycopg", marks=pytest.mark.needs("sqlalchemy>=2")),
        "pg8000",
    ]
)
def engine_for(request, pg18, database):
    """Returns an engine of a driver for a new database, which statements have changed."""
    engines = []

    def make(*statements):
        url = database(pg18, *statements).url
        dialect = url.set(drivername=f"postgresql+{request.param}").get_dialect()()
        engines.append(create_engine(database_for("postgresql").url_for_dialect(url, dialect)))
        return engines[-1]

    yield make
    for engine in engines:
        engine.dispose()
