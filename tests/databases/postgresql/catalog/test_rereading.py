"""Reading again what may have changed says the same as reading all, by every driver."""

import asyncio

import pytest
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from driftcheck.databases.reading import Scope
from driftcheck.sources.transaction_reading import read_in_transaction

# Changes whose only trace may be in a catalog that is easily forgotten.
CHANGES = (
    "insert into school.students (name) values ('a')",
    "analyze school.students",
    "create temporary table here (id integer)",
    "comment on column school.students.name is 'another'",
    "comment on schema school is 'another'",
    "alter table school.students alter essay set storage external",
    "alter table school.students rename essay to article",
    "alter type school.mood rename value 'happy' to 'glad'",
    "alter type school.mood add value 'bored'",
    "alter table school.loans add more integer",
    "create materialized view school.seen as select 1 as one; create index on school.seen (one)",
    "alter table school.seen rename one to another",
    # Every name is still there, but of another thing.
    """alter table school.books rename to swapped; alter table school.loans rename to books;
       alter table school.swapped rename to loans""",
    """alter table school.books rename since to swapped; alter table school.books rename until
       to since; alter table school.books rename swapped to until""",
    "alter table school.students disable trigger all",
    "alter table school.students replica identity full",
    "create rule quiet as on delete to school.students do instead nothing",
    "drop rule quiet on school.students",
    "create schema other",
    "alter table school.students set schema other",
    "alter schema other rename to another",
    "create publication told for table another.students",
    "alter table another.students cluster on students_pkey",
    "alter user mapping for public server far options (set username 'v')",
    "create user mapping for current_user server far options (user 'a')",
)


def changes(session):
    """The changes that this schema allows, done one after the other."""
    for statement in CHANGES:
        session.run("savepoint one")
        try:
            session.run(statement)
        except Exception:  # noqa: BLE001  (not every schema has everything)
            session.run("rollback to one")
            continue
        yield statement


def test_what_changed_is_read_again(newest, catalog):
    last = catalog.read_again(newest.connection, Scope(), None)
    assert last.objects == newest.base.objects
    done = 0
    for statement in changes(newest):
        found = catalog.read_again(newest.connection, Scope(), last)
        assert found.objects == newest.read().objects, statement
        done += 1
        last = found
    assert done > 14


def test_what_did_not_change_is_not_read_again(newest, catalog):
    last = catalog.read_again(newest.connection, Scope(), None)
    newest.run("insert into school.students (name) values ('a')")
    assert catalog.read_again(newest.connection, Scope(), last) is last
    newest.run("alter event trigger watched enable always")
    found = catalog.read_again(newest.connection, Scope(), last)
    read = {kind for kind, things in found.by_kind.items() if things is not last.by_kind[kind]}
    assert read == {"event trigger"}


def test_owners_and_privileges_are_always_read(newest, catalog):
    scope = Scope(owners=True, grants=True)
    last = catalog.read_again(newest.connection, scope, None)
    newest.run("create role somebody", "grant select on school.students to somebody")
    granted = catalog.read_again(newest.connection, scope, last)
    newest.run("alter role somebody rename to another")
    assert catalog.read_again(newest.connection, scope, granted).objects != granted.objects


def _alchemy(url, driver):
    host = url.query["host"]
    if driver == "pg8000":
        return url.set(drivername="postgresql+pg8000", query={}), {
            "unix_sock": f"{host}/.s.PGSQL.{url.query['port']}"
        }
    return url.set(drivername=f"postgresql+{driver}"), {}


_KEPT = "SELECT count(*) FROM pg_prepared_statements WHERE name LIKE 'driftcheck_%%'"


def _make_and_read(connection, url):
    connection.exec_driver_sql("CREATE TABLE school.new (id integer)")
    return read_in_transaction(connection, url, Scope(), None)


@pytest.fixture(scope="module")
def expected(everything_on):
    session = everything_on("pg18")
    session.run("CREATE TABLE school.new (id integer)")
    objects = session.read().objects
    session.connection.rollback()
    return session.shadow.url, objects


@pytest.mark.parametrize("isolation", ["READ COMMITTED", "AUTOCOMMIT"])
@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "pg8000"])
def test_a_driver(expected, driver, isolation):
    url, objects = expected
    target, arguments = _alchemy(url, driver)
    engine = create_engine(
        target, connect_args=arguments, poolclass=NullPool, isolation_level=isolation
    )
    with engine.connect() as connection:
        found = _make_and_read(connection, url)
        if isolation == "AUTOCOMMIT":
            connection.exec_driver_sql("DROP TABLE school.new")
    assert list(found.objects) == list(objects)
    assert found.objects == objects


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "pg8000"])
def test_the_server_keeps_its_plans_until_they_are_discarded(expected, driver):
    url, objects = expected
    target, arguments = _alchemy(url, driver)
    engine = create_engine(target, connect_args=arguments, poolclass=NullPool)
    with engine.connect() as connection:
        first = _make_and_read(connection, url)
        kept = connection.exec_driver_sql(_KEPT).scalar()
        assert kept > 40
        connection.exec_driver_sql("ALTER TABLE school.new ADD more integer")
        assert len(read_in_transaction(connection, url, Scope(), first).objects) == len(objects) + 1
        assert connection.exec_driver_sql(_KEPT).scalar() == kept
        connection.exec_driver_sql("DEALLOCATE ALL")
        connection.exec_driver_sql("ALTER TABLE school.new DROP more")
        assert read_in_transaction(connection, url, Scope(), first).objects == objects


def test_asyncpg(expected):
    url, objects = expected

    async def read():
        engine = create_async_engine(_alchemy(url, "asyncpg")[0], poolclass=NullPool)
        async with engine.connect() as connection:
            return await connection.run_sync(_make_and_read, url)

    assert asyncio.run(read()).objects == objects
