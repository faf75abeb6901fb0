"""Real PostgreSQL servers for the tests, and databases on them.

``pg15``, ``pg16`` and ``pg18`` are servers started once, ``pg`` is each of them in turn, ``pg16``
keeps the times of commits, and
``database`` makes a database that lasts for a test::

    def test_something(pg, database):
        live = database(pg, "CREATE TABLE students (id integer)")
        live.execute("INSERT INTO students VALUES (%s)", 1)
        assert live.execute("SELECT id FROM students") == [(1,)]
"""

import compileall
import dataclasses
import gc
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from textwrap import indent

import pytest
from alembic import command
from alembic.config import Config
from packaging.requirements import Requirement

import driftcheck
from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow import private_server
from driftcheck.databases.postgresql.shadow.account import SERVER_DIRECTORY, Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations, installed_here
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.storage.cache_directory import VARIABLE
from driftcheck.storage.mark import Mark
from tests.mariadb import MariaDBDatabase, mariadb_server
from tests.starting import Starter


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


ROOT = Path(driftcheck.__file__).parent.parent
LISTED_AND_MISSING = pytest.StashKey[list[str]]()
_EXTENDED = Path(__file__).with_name("extended.txt")

# A shell starts what is in the background with SIGINT ignored, and nohup with SIGHUP ignored; what
# the tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

_MEMORY = "/dev/shm"  # noqa: S108  (a RAM disk, where there is one)
_ENOUGH = 4 * 1024**3


def pytest_configure(config):
    """Compile driftcheck once, also where Python keeps nothing that it compiles."""
    if sys.dont_write_bytecode and not hasattr(config, "workerinput"):
        compileall.compile_dir(ROOT / "driftcheck", quiet=1)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """Mark the tests that ``tests/extended.txt`` lists."""
    lines = _EXTENDED.read_text(encoding="utf-8").splitlines()
    listed = {line for line in lines if not line.startswith("#")}
    patterns = {line: _pattern(line) for line in listed if "*" in line}
    found = set()
    for item in items:
        names = {item.nodeid, item.nodeid.partition("[")[0]} & listed
        names |= {line for line, pattern in patterns.items() if pattern.fullmatch(item.nodeid)}
        if names:
            item.add_marker(pytest.mark.extended)
        found |= names
    config.stash[LISTED_AND_MISSING] = sorted(listed - found)


def _pattern(line):
    return re.compile(".*".join(map(re.escape, line.split("*"))), re.DOTALL)


def pytest_runtest_setup(item):
    """Skip what needs a newer version of a package: ``make test-lowest`` has the oldest ones."""
    for marker in item.iter_markers("needs"):
        requirement = Requirement(*marker.args)
        if not requirement.specifier.contains(version(requirement.name)):
            pytest.skip(f"needs {requirement}")


@pytest.hookimpl(wrapper=True)
def pytest_collection():
    """Keep the compiled tests, which each worker of each session would compile again.

    Only while they are imported: a test may write two modules of the same size in one second, and
    Python would run the first one again.
    """
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    try:
        return (yield)
    finally:
        sys.dont_write_bytecode = before


def pytest_collection_finish(session):
    """Leave what was imported and collected out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Keep the tests out of the user's cache, and take away what they put into theirs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("cache")))
        if os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _ENOUGH:
            patch.setenv(SERVER_DIRECTORY, _MEMORY)  # databases are made and dropped by hundreds
        yield os.environ[VARIABLE]
        shutil.rmtree(Account.for_servers().home())


@pytest.fixture(scope="session")
def pg15(cache):
    yield from _server(15)


@pytest.fixture(scope="session")
def pg16(cache):
    yield from _server(16, {"track_commit_timestamp": "on"})


@pytest.fixture(scope="session")
def pg18(cache):
    yield from _server(18)


@pytest.fixture(params=["pg15", "pg16", "pg18"])
def pg(request):
    return request.getfixturevalue(request.param)


def _server(major, settings=None):
    here = [*embedded_installations(), *installed_here()]
    installation = next((one for one in here if one.major == major), None)
    if installation is None:
        pytest.skip(f"there is no PostgreSQL {major} on this machine")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (settings or {}).items():
            patch.setitem(private_server._SETTINGS, name, value)
        maker = PrivateMaker("Tests.", installation, None)
    with maker:  # whichever server is started after it has no such settings
        yield maker


@pytest.fixture(scope="session")
def mariadb(cache):
    """Return the URL of a MariaDB server."""
    with mariadb_server(os.environ.get(SERVER_DIRECTORY)) as url:
        yield url


@pytest.fixture
def mariadb_database(mariadb):
    """Make databases on the MariaDB server, with statements run in them at once."""
    yield from _mariadb_databases(mariadb)


@pytest.fixture(scope="module")
def mariadb_databases(mariadb):
    """Make databases that last for the tests of a module."""
    yield from _mariadb_databases(mariadb)


def _mariadb_databases(server):
    with ExitStack() as stack:

        def make(*statements):
            made = MariaDBDatabase.new(server, f"driftcheck_test_{uuid.uuid4().hex[:12]}")
            stack.callback(made.drop)
            made.execute(*statements)
            return made

        yield make


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


ENVIRONMENT = """\
import runpy
from pathlib import Path

from alembic import context
from sqlalchemy import create_engine, pool

config = context.config
# Run anew each time, so that one process can build several projects.
models = runpy.run_path(str(Path(config.config_file_name).parent / "models.py"))

engine = create_engine(config.get_main_option("sqlalchemy.url"), poolclass=pool.NullPool)
with engine.connect() as connection:
    context.configure(
        connection=connection, target_metadata=models["metadata"], **models.get("options", {})
    )
    with context.begin_transaction():
        context.run_migrations()
"""
REVISION = """\
import sqlalchemy as sa
from alembic import op

revision = {revision!r}
down_revision = {down!r}


def upgrade():
{lines}
"""
MODELS = "from sqlalchemy import *\n\nmetadata = MetaData()\n"


@dataclass
class Result:
    """What a run of driftcheck came to."""

    status: int
    stdout: str
    stderr: str

    @property
    def database(self):
        assert self.stdout, self.stderr
        (database,) = json.loads(self.stdout)["databases"]
        return database

    @property
    def findings(self):
        """The findings as (rule, address), in the order of their addresses."""
        return sorted((f["rule"], f["address"] or "") for f in self.database["findings"])


class Sketch:
    """A small Alembic project that a test writes, and its live database.

    Attributes:
        root: Its directory.
        live: Its live database.
        url: That of the live database, as text.
        variables: The environment variables of each ``run``.
    """

    def __init__(self, root, live, url, starter):
        self.starter = starter
        self.root = root
        self.live = live
        self.url = url
        self.variables = {}
        self.name_database(url)
        (root / "migrations" / "versions").mkdir(parents=True)
        (root / "migrations" / "env.py").write_text(ENVIRONMENT)
        self.models("")

    def name_database(self, url):
        """Say in the configuration where the live database is."""
        escaped = url.replace("%", "%%")
        (self.root / "alembic.ini").write_text(
            f"[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = {escaped}\n"
        )

    def models(self, text):
        """Write the models: lines that put tables into ``metadata``."""
        (self.root / "models.py").write_text(MODELS + text)

    def revision(self, name, lines, after=None):
        """Write a revision: lines that use ``op`` and ``sa``."""
        text = REVISION.format(revision=name, down=after, lines=indent(lines or "pass", "    "))
        path = self.root / "migrations" / "versions" / f"{name}.py"
        path.write_text(text)
        return path

    def upgrade(self, revision="heads", url=None):
        """Run the migrations on the live database, or on another one."""
        config = Config(self.root / "alembic.ini")
        config.set_main_option("sqlalchemy.url", (url or self.url).replace("%", "%%"))
        command.upgrade(config, revision)

    def by_hand(self, statements):
        """Do something to the live database, outside of the migrations."""
        for text in [statements] if isinstance(statements, str) else statements:
            if isinstance(self.live, Path):
                with closing(sqlite3.connect(self.live)) as connection:
                    connection.executescript(text)
            elif text:
                self.live.execute(text)

    def start(self, *arguments, **variables):
        """Start ``python -m driftcheck`` in the project."""
        return subprocess.Popen(
            [sys.executable, "-m", "driftcheck", *arguments],
            cwd=self.root,
            env=_clean_environment() | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments, **variables):
        """Run ``python -m driftcheck`` in the project, in a process that has its imports."""
        environment = _clean_environment() | self.variables | variables
        return Result(*self.starter.run("driftcheck", arguments, self.root, environment))

    def run_anew(self, *arguments, **variables):
        """Run it in a process that begins with nothing."""
        with self.start(*arguments, **variables) as process:
            stdout, stderr = process.communicate(timeout=60)
        return Result(process.returncode, stdout, stderr)

    def compare(self, *options, **variables):
        return self.run("compare", "--format", "json", *options, **variables)


def _clean_environment():
    unwanted = ("PG", "FLASK_", "ALEMBIC_", "DRIFTCHECK_SHADOW", "DRIFTCHECK_DATABASE")
    return {key: value for key, value in os.environ.items() if not key.startswith(unwanted)}


@pytest.fixture(scope="session")
def starter(cache):
    """What starts driftcheck in a process that has its imports."""
    one = Starter()
    yield one
    one.stop()


@pytest.fixture(scope="session")
def sketch(starter, tmp_path_factory):
    """Make small projects, each with a live database on the server given, or in a file."""

    def make(maker=None):
        root = tmp_path_factory.mktemp("sketch")
        if maker is None:
            path = root / "live.db"
            return Sketch(root, path, f"sqlite:///{path}", starter)
        live = Database(maker.make("live"))
        return Sketch(root, live, live.text_url, starter)

    return make


@pytest.fixture
def python():
    """Start Python code in a separate process, and wait for its first line of output."""
    started = []

    @contextmanager
    def start(code, *arguments, **options):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
        with subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        ) as process:
            started.append(process)
            process.first_line = process.stdout.readline().strip()
            yield process
            process.kill()

    yield start
    assert all(process.returncode is not None for process in started)


@pytest.fixture
def dead_pid():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.fixture
def mark(dead_pid):
    """Make the mark of a process that was killed, with other values where they are given."""

    def make(**values):
        return dataclasses.replace(Mark.new(), **{"pid": dead_pid, **values})

    return make


@pytest.fixture
def yesterday():
    """A moment more than a day ago, in seconds since 1970."""
    return int(time.time()) - 25 * 60 * 60
