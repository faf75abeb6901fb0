"""The message and the code of an error are found in the errors of every driver."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.messages import (
    database_message,
    is_of_statement,
    is_refused_in_transaction,
)
from driftcheck.databases.registry import database_for


@pytest.mark.parametrize(
    "driver",
    [
        "psycopg2",
        pytest.param("psycopg", marks=pytest.mark.needs("sqlalchemy>=2")),
        "pg8000",
    ],
)
def test_postgresql(driver, pg18, database):
    url = database(pg18, "CREATE TABLE students (id integer)").url
    dialect = url.set(drivername=f"postgresql+{driver}").get_dialect()()
    engine = create_engine(database_for("postgresql").url_for_dialect(url, dialect))
    unknown, refused = (
        _error_of(engine, statement)
        for statement in (
            "SELECT 1 FROM absent",
            "CREATE INDEX CONCURRENTLY ix_students ON students (id)",
        )
    )
    engine.dispose()
    assert database_message(unknown) == 'relation "absent" does not exist'
    assert is_of_statement(unknown)
    assert not is_refused_in_transaction(unknown)
    assert is_refused_in_transaction(refused)


def _error_of(engine, statement):
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    return caught.value.orig
