"""Runs a project whose code tries to write to its live database, and sees what becomes of it."""

import os
import re
import sqlite3
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from textwrap import indent

import pytest
from sqlalchemy.engine import make_url

from driftcheck.databases.postgresql.shadow import private_server
from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from tests.conftest import ENVIRONMENT, REVISION
from tests.project.conftest import PostgresLive, SqliteLive
from tests.ways.way import CREATE

MODELS = """\
from sqlalchemy import Column, MetaData, String, Table

metadata = MetaData()
Table("students", metadata, Column("name", String(8), primary_key=True))
"""
TABLE = "op.create_table('students', sa.Column('name', sa.String(8), primary_key=True))\n"
BUILT = (
    "CREATE TABLE students (name VARCHAR(8) NOT NULL PRIMARY KEY)",
    """CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))""",
    "INSERT INTO alembic_version VALUES ('one')",
)
STATUS = {"refused": [3], "nowhere": [3], "told": [0], "shadow": [0, 1], "open": [1]}


class Attempt:
    """A project that tries one way on one live database.

    Attributes:
        status: The exit code of ``driftcheck compare``.
        told: All that it printed.
        is_unchanged: Whether the live database is as it was before.
    """

    def __init__(self, way, live, url, root, starter):
        self.way = way
        self._live = live
        _write_project(root, way, url)
        for statement in BUILT:
            live.execute(statement)
        before = live.state()
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PG", "FLASK_", "ALEMBIC_", "DRIFTCHECK_SHADOW", "DATABASE_"))
        }
        script = Path(sys.executable).with_name("driftcheck")
        arguments = ["compare", "--no-cache", *way.options.split()]
        status, out, err = starter.run("driftcheck", arguments, root, environment, script)
        self.status, self.out, self.told = status, out, out + err
        after = live.state()
        if "same-server" in way.options:  # shadows draw numbers there
            del before["transaction"], after["transaction"]
        self.is_unchanged = after == before

    def require_outcome(self):
        """See that what became of it is what the way says."""
        outcome, told = self.way.outcome, self.told
        assert self.is_unchanged == (outcome != "open"), told
        assert "Traceback" not in self.out, told
        if outcome in ("refused", "told"):
            file = r"versions/one\.py" if self.way.place == "revision" else r"intruder\.py"
            assert "driftcheck: the project would " in told, told
            assert re.search(rf"{file}, line \d+", told) or "line" not in told, told
        if outcome == "nowhere":
            assert "refused-by-driftcheck" in told, told
        assert self.status in STATUS[outcome], told
        assert self.way.says in told, told


def _write_project(root, way, url):
    (root / "migrations" / "versions").mkdir(parents=True)
    escaped = url.render_as_string(hide_password=False).replace("%", "%%")
    (root / "alembic.ini").write_text(
        f"[alembic]\nscript_location = %(here)s/migrations\nsqlalchemy.url = {escaped}\n"
    )
    (root / "models.py").write_text(MODELS)
    (root / "live.py").write_text(_place(url))
    code = "pass" if way.place == "revision" else way.code
    (root / "intruder.py").write_text(f"from live import *\n\n{code}")
    (root / "migrations" / "env.py").write_text(f"import intruder\n{ENVIRONMENT}")
    lines = TABLE + (way.code if way.place == "revision" else "")
    imports, lines = _imports_apart(lines)
    text = REVISION.format(revision="one", down=None, lines=indent(lines, "    "))
    (root / "migrations" / "versions" / "one.py").write_text(imports + text)


def _imports_apart(lines):
    stars = [line for line in lines.splitlines() if line.startswith("from live import")]
    rest = [line for line in lines.splitlines() if line not in stars]
    return "".join(f"{line}\n" for line in stars), "\n".join(rest)


def _place(url):
    text = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=False)
    said = {"URL": text, "CREATE": CREATE, "FILE": url.database}
    if url.get_backend_name() == "postgresql":
        host, port = url.query.get("host") or url.host, int(url.query.get("port") or url.port)
        said |= {"HOST": host, "PORT": port, "USER": url.username, "NAME": url.database}
        said["DSN"] = f"host={host} port={port} user={url.username} dbname={url.database}"
    return "".join(f"{name} = {value!r}\n" for name, value in said.items())


class _Elsewhere(SqliteLive):
    """A SQLite database whose directory is compared file by file."""

    def state(self):
        with closing(sqlite3.connect(self.path)) as connection:
            tables = connection.execute("SELECT name FROM sqlite_schema ORDER BY 1").fetchall()
        return super().state() | {"mode": self.path.stat().st_mode, "tables": tables}


@pytest.fixture(scope="session")
def tcp_server(cache):
    """A server that listens on an address of the loopback network that no other test has."""
    number = os.getpid()
    address = f"127.{77 + number // 65536 % 100}.{number // 256 % 256}.{number % 254 + 1}"
    installation = next(one for one in embedded_installations() if one.major == 16)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(private_server._SETTINGS, "listen_addresses", address)
        # A live server is reached by TCP.
        patch.setattr(Account, "start_offline", lambda *_, **__: None)
        maker = PrivateMaker("Tests.", installation, None)
    with maker:
        yield maker, address


@pytest.fixture
def attempt(request, tmp_path, starter):
    """Make attempts; their live databases are dropped in the end."""
    made = []

    @contextmanager
    def where(sort):
        if sort == "sqlite":
            directory = tmp_path / "databases"
            directory.mkdir()
            live = _Elsewhere(directory / "school.db")
            yield live, make_url(live.text_url("sqlite"))
            return
        tcp = sort == "tcp"
        maker, address = request.getfixturevalue("tcp_server") if tcp else (None, "")
        maker = maker or request.getfixturevalue("pg16")
        PostgresLive(maker, "postgres").execute("CREATE DATABASE school")
        made.append(maker)
        live = PostgresLive(maker, "school")
        yield live, live.url.set(host=address, port=5432, query={}) if tcp else live.url

    def make(way, sort):
        with where(sort) as (live, url):
            return Attempt(way, live, url, tmp_path / "project", starter)

    yield make
    for maker in made:
        PostgresLive(maker, "postgres").execute("DROP DATABASE school WITH (FORCE)")
