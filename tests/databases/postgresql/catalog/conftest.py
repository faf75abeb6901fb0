"""One schema that holds every kind, on every server, and ways to read, change and restore it."""

from contextlib import closing

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from tests.databases.postgresql.catalog.cases import base_statements, make_tablespace


class Session:
    """A transaction on a database of its own, to be changed and rolled back."""

    def __init__(self, url):
        self.url = url
        self.connection = connect(url)

    def run(self, *statements):
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def rows(self, query):
        with self.connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def read(self, **scope):
        return catalog_for("postgresql").read(self.connection, Scope(**scope))


@pytest.fixture(scope="session")
def catalog():
    return catalog_for("postgresql")


@pytest.fixture
def session(database):
    """Open a session on a new database of the server given."""
    opened = []

    def open_session(server, *statements):
        opened.append(Session(database(server).url))
        opened[-1].run(*statements)
        return opened[-1]

    yield open_session
    for entry in opened:
        entry.connection.close()


@pytest.fixture(scope="session")
def everything_on(request):
    """Return a server's session on the schema of everything.sql, to be rolled back after use.

    Its attributes are the snapshots without (``base``) and with owners and privileges (``bases``),
    and the ``reading`` for reading again.
    """
    sessions, shadows = {}, []

    def on(server):
        if server not in sessions:
            maker = request.getfixturevalue(server)
            shadows.append(maker.make("test", None))
            with closing(connect(shadows[-1].url)) as connection:
                connection.autocommit = True
                make_tablespace(connection.cursor())
            entry = sessions[server] = Session(shadows[-1].url)
            entry.server = maker
            entry.shadow = shadows[-1]
            entry.run(*base_statements(int(server.removeprefix("pg"))))
            entry.connection.commit()
            entry.bases = {asked: entry.read(owners=asked, grants=asked) for asked in (False, True)}
            entry.base = entry.bases[False]
            entry.reading = catalog_for("postgresql").read_again(entry.connection, Scope(), None)
            entry.connection.rollback()
        return sessions[server]

    yield on
    for entry in sessions.values():
        entry.connection.close()
    for shadow in shadows:
        shadow.drop()


@pytest.fixture(params=["pg15", "pg16", "pg18"])
def everything(request, everything_on):
    """A session on the schema of everything.sql; what a test does is rolled back."""
    yield everything_on(request.param)
    everything_on(request.param).connection.rollback()


@pytest.fixture(params=["pg15", "pg16"])
def older(request, everything_on):
    yield everything_on(request.param)
    everything_on(request.param).connection.rollback()


@pytest.fixture
def newest(everything_on):
    yield everything_on("pg18")
    everything_on("pg18").connection.rollback()
