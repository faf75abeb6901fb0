"""The message and the code of an error are found in the errors of every driver."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.messages import (
    database_message,
    is_of_statement,
    is_refused_in_transaction,
)


def test_postgresql(engine_for):
    engine = engine_for("CREATE TABLE students (id integer)")
    unknown, refused = (
        _error_of(engine, statement)
        for statement in (
            "SELECT 1 FROM absent",
            "CREATE INDEX CONCURRENTLY ix_students ON students (id)",
        )
    )
    assert database_message(unknown) == 'relation "absent" does not exist'
    assert is_of_statement(unknown)
    assert not is_refused_in_transaction(unknown)
    assert is_refused_in_transaction(refused)


def _error_of(engine, statement):
    with pytest.raises(DBAPIError) as caught, engine.begin() as connection:
        connection.execute(text(statement))
    return caught.value.orig
