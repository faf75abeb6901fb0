"""Real PostgreSQL servers for the tests, and databases on them.

``pg15``, ``pg16`` and ``pg18`` are servers started once, ``pg`` is each of them in turn, and
``database`` makes a database that lasts for a test::

    def test_something(pg, database):
        live = database(pg, "CREATE TABLE students (id integer)")
        live.execute("INSERT INTO students VALUES (%s)", 1)
        assert live.execute("SELECT id FROM students") == [(1,)]
"""

import os
import shutil
from contextlib import ExitStack

import pytest

from driftcheck.cache_directory import VARIABLE
from driftcheck.connection import connect
from driftcheck.shadow.account import Account
from driftcheck.shadow.binaries import embedded_installations, installed_here
from driftcheck.shadow.private import PrivateMaker


class Database:
    """A database of a test's own, and a connection to it where every statement is committed."""

    def __init__(self, shadow):
        self.shadow = shadow
        self.url = shadow.url
        self.name = shadow.name
        self._connection = None

    @property
    def text_url(self):
        """The URL for an environment variable or an option."""
        return self.url.render_as_string(hide_password=False)

    @property
    def connection(self):
        """The connection, opened again after ``close``."""
        if self._connection is None:
            self._connection = connect(self.url)
            self._connection.autocommit = True
        return self._connection

    def execute(self, statement, *parameters):
        """Run a statement, or several, and return the rows of the last one."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Keep the tests out of the user's cache, and take away what they put into theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("cache")))
        yield os.environ[VARIABLE]
        shutil.rmtree(Account.for_servers().home())


@pytest.fixture(scope="session")
def pg15(cache):
    yield from _server(15)


@pytest.fixture(scope="session")
def pg16(cache):
    yield from _server(16)


@pytest.fixture(scope="session")
def pg18(cache):
    yield from _server(18)


@pytest.fixture(params=["pg15", "pg16", "pg18"])
def pg(request):
    return request.getfixturevalue(request.param)


def _server(major):
    here = [*embedded_installations(), *installed_here()]
    installation = next((one for one in here if one.major == major), None)
    if installation is None:
        pytest.skip(f"there is no PostgreSQL {major} on this machine")
    with PrivateMaker("Tests.", installation, None) as maker:
        yield maker


@pytest.fixture
def database():
    """Make databases on the servers given, with statements run in them at once."""
    with ExitStack() as stack:

        def make(maker, *statements, template=None):
            if template is not None:
                template.close()  # whoever is connected to it would be cut off
            made = Database(maker.make("test", template and template.shadow))
            stack.callback(made.shadow.drop)
            stack.callback(made.close)
            for statement in statements:
                made.execute(statement)
            return made

        yield make
