"""Real small projects, and what a live database is before and after driftcheck has looked at it.

A manner of writing projects is a directory below ``tests/projects/alembic`` or ``flask``: files
that are laid over those of ``base`` there, and a ``manner.toml`` that says what is special.
"""

import json
import os
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from tests.kept import variables

PROJECTS = Path(__file__).parent.parent / "projects"
BY_HAND = "ALTER TABLE students ADD COLUMN by_hand integer"


@dataclass
class Manner:
    """What a ``manner.toml`` says.

    Attributes:
        about: What is special; for people.
        drivers: With which of them it is tried.
        databases: How many live databases there are.
        needs: Below which version of a package it cannot be.
        without: The files of ``base`` that it does not have.
        environment: Variables, besides ``DATABASE_URL``.
        upgrade: The commands that build the live databases.
        by_hand: What is done to each of them then.
        options: Of ``driftcheck compare``.
        status: Its exit code.
        rules: The rules of its findings, of all databases.
        says: What is told somewhere.
    """

    about: str = ""
    drivers: list[str] = field(default_factory=lambda: ["postgresql+psycopg2"])
    databases: int = 1
    needs: dict[str, str] = field(default_factory=dict)
    without: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)
    upgrade: list[str] = field(default_factory=list)
    by_hand: list[str] = field(default_factory=lambda: [BY_HAND])
    options: str = ""
    status: int = 1
    rules: list[str] = field(default_factory=lambda: ["drift-column-extra"])
    says: list[str] = field(default_factory=list)

    @classmethod
    def read(cls, name):
        path = PROJECTS / name / "manner.toml"
        manner = cls(**tomllib.loads(path.read_text())) if path.is_file() else cls()
        kind = name.split("/")[0]
        manner.upgrade = manner.upgrade or [_UPGRADES[kind]]
        return manner

    def is_possible(self):
        return all(_numbers(version(name)) >= _numbers(least) for name, least in self.needs.items())


_DETECTED = "New upgrade operations detected"
_UPGRADES = {"alembic": "alembic upgrade heads", "flask": "flask db upgrade"}


def _numbers(text):
    return [int(part) for part in text.split(".")[:2]]


class PostgresLive:
    """A live database on a server where nothing happens but what the test does."""

    dialect = "postgresql"

    def __init__(self, maker, name):
        self.url = maker.server.set(database=name)
        self.name = name

    def text_url(self, driver):
        url = self.url.set(drivername=driver)
        if driver.endswith("pg8000"):
            socket = f"{url.query['host']}/.s.PGSQL.{url.query['port']}"
            url = url.set(query={"unix_sock": socket})
        return url.render_as_string(hide_password=False)

    def execute(self, statement):
        with closing(connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def state(self):
        """All that may not change: the dump, what was written, the whole server."""
        return {
            "dump": _dump(self.url),
            "rows": self.execute(
                "SELECT tup_inserted, tup_updated, tup_deleted, stats_reset FROM pg_stat_database "
                "WHERE datname = current_database()"
            ),
            # Whoever writes, in whichever database, and if he rolls it back, draws a number.
            "transaction": self.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text"),
            "databases": self.execute("SELECT datname FROM pg_database ORDER BY 1"),
            "roles": self.execute("SELECT rolname, rolconfig FROM pg_roles ORDER BY 1"),
        }


class SqliteLive:
    """A live database in a file."""

    dialect = "sqlite"

    def __init__(self, path):
        self.path = path
        self.name = path.name

    def text_url(self, driver):
        return f"{driver}:///{self.path}"

    def execute(self, statement):
        with closing(sqlite3.connect(self.path)) as connection, connection:
            return connection.execute(statement).fetchall()

    def state(self):
        return {path.name: path.read_bytes() for path in self.path.parent.iterdir()}


@cache
def _programs():
    return next(one.bin for one in embedded_installations() if one.major == 16)


def _dump(url):
    command = [_programs() / "pg_dump", "-h", url.query["host"], "-p", url.query["port"]]
    command += ["-U", url.username, url.database]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    # Newer ones write a random word with these.
    return [line for line in done.stdout.splitlines() if "restrict " not in line]


@dataclass
class Result:
    """What a run of ``driftcheck compare`` came to."""

    status: int
    stdout: str
    stderr: str

    @property
    def report(self):
        return json.loads(self.stdout)

    @property
    def findings(self):
        return [one for database in self.report["databases"] for one in database["findings"]]

    @property
    def rules(self):
        return sorted(one["rule"] for one in self.findings) if self.stdout else []


class Copy:
    """A copy of a project, in a directory and with live databases of its own."""

    def __init__(self, root, name, driver, lives, starter):
        self._starter = starter
        self.root = root
        self.manner = Manner.read(name)
        self.lives = lives
        kind = name.split("/")[0]
        for layer in dict.fromkeys((f"{kind}/base", name)):
            shutil.copytree(PROJECTS / layer, root, dirs_exist_ok=True)
        for unwanted in self.manner.without:
            (root / unwanted).unlink()
            with suppress(OSError):  # others are still there
                (root / unwanted).parent.rmdir()
        self.environment = self._environment(driver)

    def run(self, command):
        """Run one of the programs installed beside this Python."""
        program, *arguments = shlex.split(command.format_map(self.environment))
        path = Path(sys.executable).with_name(program)
        if program != "python":
            done = self._starter.run(program, arguments, self.root, self.environment, path)
            return subprocess.CompletedProcess(command, *done)
        return subprocess.run(
            [str(path), *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            stdin=subprocess.DEVNULL,
        )

    def build(self):
        """Build the live databases as the project does it, and then do what is done by hand."""
        self.upgrade()
        self.change_by_hand()

    def upgrade(self):
        """Build the live databases as the project does it."""
        for command in self.manner.upgrade:
            if command.startswith("sql: "):
                self.lives[0].execute(command.removeprefix("sql: "))
            else:
                done = self.run(command)
                assert done.returncode == 0, done.stderr + done.stdout

    def checks(self):
        """Whether ``alembic check`` finds no operations; ``None`` if it cannot be run."""
        if any(command.startswith("sql:") for command in self.manner.upgrade):
            return None  # the live database has changes that no model and no migration has
        commands = [command for command in self.manner.upgrade if " upgrade" in command]
        program, upgrades, _ = "".join(commands[:1]).partition(" upgrade")
        done = self.run(f"{program} check") if upgrades else None
        if done is None or (done.returncode and _DETECTED not in done.stdout + done.stderr):
            return None
        return done.returncode == 0

    def change_by_hand(self):
        """Do to each live database what is done by hand."""
        for live in self.lives:
            for statement in self.manner.by_hand:
                live.execute(statement)

    def share_private_server(self, maker):
        """Let ``compare`` use a private server that is running already."""
        self.environment |= variables(maker)

    def compare(self, options=""):
        done = self.run(f"driftcheck compare --format json {self.manner.options} {options}")
        return Result(done.returncode, done.stdout, done.stderr)

    def _environment(self, driver):
        clean = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PG", "FLASK_", "ALEMBIC_", "DRIFTCHECK_SHADOW", "DATABASE_"))
        }
        first = self.lives[0]
        said = {"ROOT": str(self.root), "DATABASE_NAME": first.name}
        for live, number in zip(self.lives, ("", "_2"), strict=False):
            said[f"DATABASE_URL{number}"] = live.text_url(driver)
        if first.dialect == "postgresql":
            place = {"host": first.url.query["host"], "port": first.url.query["port"]}
            said |= {f"DATABASE_{key.upper()}": value for key, value in place.items()}
            said["DATABASE_USER"] = first.url.username
        own = {key: text.format_map(said) for key, text in self.manner.environment.items()}
        return clean | said | own


@pytest.fixture
def live(request, tmp_path):
    """Make live databases: on PostgreSQL, or in files."""
    made = []

    def make(dialect):
        name = f"school{len(made) + 1}"
        if dialect == "sqlite":
            directory = tmp_path / "databases"
            directory.mkdir(exist_ok=True)
            return SqliteLive(directory / f"{name}.db")
        maker = request.getfixturevalue("pg16")
        PostgresLive(maker, "postgres").execute(f"CREATE DATABASE {name}")
        made.append((maker, name))
        return PostgresLive(maker, name)

    yield make
    for maker, name in made:
        PostgresLive(maker, "postgres").execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def project(tmp_path, live, starter):
    """Make a copy of a project; its live databases are still empty."""

    def copy(name, driver=None):
        manner = Manner.read(name)
        if not manner.is_possible():
            pytest.skip(f"needs {manner.needs}")
        driver = driver or manner.drivers[0]
        if driver == "postgresql+psycopg" and _numbers(version("sqlalchemy")) < [2, 0]:
            pytest.skip("SQLAlchemy 1.4 does not know psycopg 3")
        lives = [live(make_url(f"{driver}://").get_backend_name()) for _ in range(manner.databases)]
        return Copy(tmp_path / "project", name, driver, lives, starter)

    return copy
