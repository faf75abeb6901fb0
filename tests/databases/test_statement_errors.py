"""The reasons why databases refuse statements, by every driver."""

import asyncio

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from driftcheck.databases.registry import database_for
from driftcheck.databases.statement_errors import Reason

ON_POSTGRESQL = """
CREATE TYPE mood AS ENUM ('good');
CREATE TABLE students (
    id integer PRIMARY KEY, name varchar(5),
    age smallint NOT NULL DEFAULT 7 CONSTRAINT aged CHECK (age > 6),
    mood mood, born date, twice integer GENERATED ALWAYS AS (id * 2) STORED
);
CREATE VIEW many AS SELECT count(*) AS number FROM students;
"""
OF_POSTGRESQL = {
    "SELECT absent FROM students": (Reason.MISSING, "", ""),
    "SELECT 1 FROM absent": (Reason.MISSING, "", ""),
    "SELECT absent(1)": (Reason.MISSING, "", ""),
    "SELECT 1 FROM absent.students": (Reason.MISSING, "", ""),
    "SELECT nextval('absent')": (Reason.MISSING, "", ""),
    "INSERT INTO students (name) VALUES ('a')": (Reason.NOT_NULL, "id", ""),
    "INSERT INTO students (id, age) VALUES (1, 5)": (Reason.CHECK, "", "aged"),
    "INSERT INTO students (id, name) VALUES (1, 'too long')": (Reason.TOO_LARGE, "", ""),
    "INSERT INTO students (id, age) VALUES (1, 100000)": (Reason.TOO_LARGE, "", ""),
    "INSERT INTO students (id, mood) VALUES (1, 'bad')": (Reason.VALUE, "", ""),
    "INSERT INTO students (id, born) VALUES (1, 7)": (Reason.TYPE, "", ""),
    "INSERT INTO students (id, twice) VALUES (1, 7)": (Reason.NOT_WRITABLE, "", ""),
    "INSERT INTO many VALUES (1)": (Reason.NOT_WRITABLE, "", ""),
    "SELECT 1 / 0": (Reason.OTHER, "", ""),
}
ON_MARIADB = """
CREATE TABLE students (
    id integer PRIMARY KEY, name varchar(5), age smallint NOT NULL,
    mood ENUM('good'), born date, twice integer AS (id * 2) STORED,
    CONSTRAINT aged CHECK (age > 6)
)
"""
OF_MARIADB = {
    "SELECT absent FROM students": (Reason.MISSING, "", ""),
    "SELECT 1 FROM absent": (Reason.MISSING, "", ""),
    "SELECT absent(1)": (Reason.MISSING, "", ""),
    "INSERT INTO students (id) VALUES (1)": (Reason.NOT_NULL, "age", ""),
    "INSERT INTO students (id, age) VALUES (1, NULL)": (Reason.NOT_NULL, "age", ""),
    "INSERT INTO students (id, age) VALUES (1, 5)": (Reason.CHECK, "", "aged"),
    "INSERT INTO students (id, age, name) VALUES (1, 7, 'too long')": (Reason.TOO_LARGE, "", ""),
    "INSERT INTO students (id, age) VALUES (1, 100000)": (Reason.TOO_LARGE, "", ""),
    "INSERT INTO students (id, age, mood) VALUES (1, 7, 'bad')": (Reason.VALUE, "", ""),
    "INSERT INTO students (id, age, born) VALUES (1, 7, 'a')": (Reason.VALUE, "", ""),
    "INSERT INTO students (id, age, twice) VALUES (1, 7, 7)": (Reason.NOT_WRITABLE, "", ""),
    "SELECT * FROM students WHERE": (Reason.OTHER, "", ""),
}
ON_SQLITE = """
CREATE TABLE students (
    id integer PRIMARY KEY, name text UNIQUE, age integer NOT NULL CONSTRAINT aged CHECK (age > 6),
    grade integer CHECK (grade < 10), twice integer AS (id * 2)
)
"""
OF_SQLITE = {
    "SELECT absent FROM students": (Reason.MISSING, "", ""),
    "SELECT 1 FROM absent": (Reason.MISSING, "", ""),
    "SELECT absent(1)": (Reason.MISSING, "", ""),
    "INSERT INTO students (absent) VALUES (1)": (Reason.MISSING, "", ""),
    "INSERT INTO students (name) VALUES (1)": (Reason.NOT_NULL, "age", ""),
    "INSERT INTO students (age) VALUES (5)": (Reason.CHECK, "", "aged"),
    "INSERT INTO students (age, grade) VALUES (7, 10)": (Reason.CHECK, "", "grade < 10"),
    "INSERT INTO students (id, age) VALUES ('a', 7)": (Reason.VALUE, "", ""),
    "INSERT INTO students (age, twice) VALUES (7, 7)": (Reason.NOT_WRITABLE, "", ""),
    "INSERT INTO students (age, name) VALUES (7, 'a'), (7, 'a')": (Reason.OTHER, "", ""),
}


def reason(connection, statement):
    """Why a statement fails: the reason, the column and the constraint."""
    savepoint = connection.begin_nested()
    with pytest.raises(DBAPIError) as caught:
        connection.execute(text(statement))
    savepoint.rollback()
    found = database_for(connection.dialect.name).statement_error(caught.value.orig)
    return found.reason, found.column, found.constraint


def reasons(connection, statements):
    return {statement: reason(connection, statement) for statement in statements}


def test_postgresql(engine_for):
    with engine_for(ON_POSTGRESQL).connect() as connection:
        assert reasons(connection, OF_POSTGRESQL) == OF_POSTGRESQL


def test_asyncpg(pg18, database):
    url = database(pg18, ON_POSTGRESQL).url
    found = asyncio.run(_reasons_of_asyncpg(url.set(drivername="postgresql+asyncpg")))
    assert found == OF_POSTGRESQL


async def _reasons_of_asyncpg(url):
    engine = create_async_engine(url)
    async with engine.connect() as connection:
        found = await connection.run_sync(reasons, OF_POSTGRESQL)
    await engine.dispose()
    return found


def test_mariadb(mariadb_database):
    engine = create_engine(mariadb_database(ON_MARIADB).url)
    with engine.connect() as connection:
        assert reasons(connection, OF_MARIADB) == OF_MARIADB
    engine.dispose()


def test_sqlite():
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        connection.execute(text(ON_SQLITE))
        assert reasons(connection, OF_SQLITE) == OF_SQLITE
    engine.dispose()
