"""Two hundred runs that are ended at random moments: the next one finds order and leaves order."""

import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

import alembic
import pytest

from driftcheck.databases.postgresql.shadow import slot
from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.storage.cache_directory import VARIABLE

pytestmark = pytest.mark.soak

KILLS = {"shared": 80, "private": 80, "file": 40}
EVERY = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
WITH_NEIGHBOUR = 8
"""Every so many kills another run goes on beside the one that is ended, and must not notice."""


@pytest.fixture
def moments():
    """What chooses the moments; DRIFTCHECK_SEED repeats those of a run that failed."""
    seed = os.environ.get("DRIFTCHECK_SEED") or str(time.time_ns() % 10**6)
    sys.stderr.write(f"DRIFTCHECK_SEED={seed}\n")  # pytest shows it where the test fails
    return random.Random(seed)  # noqa: S311


@pytest.fixture
def temporary(tmp_path):
    directory = tmp_path / "tmp"
    directory.mkdir()
    return directory


@pytest.fixture
def environment(tmp_path, temporary, monkeypatch):
    """A cache, private servers and temporary files of this test's own."""
    monkeypatch.setenv(VARIABLE, str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(temporary))
    return {VARIABLE: str(tmp_path / "cache"), "TMPDIR": str(temporary)}


class DatabaseKey:
    """Where the shadows of some runs are, and what of them is left there."""

    def __init__(self, kind, sketch, server, temporary):
        self.kind = kind
        self.temporary = temporary
        self.project = sketch(None if kind == "file" else server)
        self.project.models('Table("schools", metadata, Column("id", Integer, primary_key=True))')
        wait = "" if kind == "file" else '\nop.execute("SELECT pg_sleep(0.05)")'
        self.project.revision(
            "0001",
            'op.create_table("schools", sa.Column("id", sa.Integer(), primary_key=True))' + wait,
        )
        self.project.upgrade()
        template = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
        shutil.copy(template, self.project.root / "migrations")
        self.command = ["simulate-colleague" if kind == "file" else "compare", "--no-cache"]
        if kind == "shared":
            self.command += ["--shadow", "same-server"]

    def start(self, environment):
        return self.project.start(*self.command, **environment)

    def left(self):
        """What is there that a run has made."""
        found = [path.name for path in self.temporary.iterdir()]
        if self.kind != "file":
            query = "SELECT datname FROM pg_database UNION ALL SELECT rolname FROM pg_roles"
            found += [name for (name,) in self.project.live.execute(f"{query} ORDER BY 1")]
        if self.kind == "private":
            home = Account.for_servers().home()
            found += [str(path) for path in home.glob("*/data/postmaster.pid")]
            found += [str(path) for path in home.glob("driftcheck*")]
            found += [str(path) for path in home.glob("*.lock") if not _is_free(path)]
            found += _processes_in(home)
        cache = Path(os.environ[VARIABLE])
        return found + [str(path) for path in cache.rglob(".unfinished-*")]


@pytest.fixture
def database_key(kind, sketch, pg18, temporary, environment):
    return DatabaseKey(kind, sketch, pg18, temporary)


def _is_free(lock):
    taken = slot._take(lock.with_suffix(""))
    if taken is not None:
        taken.free()
    return taken is not None


def _processes_in(home):
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(home) in words:
            found.append(words)
    return found


def _finish(process):
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, (process.returncode, stdout, stderr)
    return stdout, stderr


@pytest.mark.parametrize("kind", KILLS)
def test_kills_at_random_moments(kind, database_key, environment, moments):
    before = database_key.left()
    began = time.monotonic()
    right = _finish(database_key.start(environment))
    takes = time.monotonic() - began
    assert database_key.left() == before

    for number in range(KILLS[kind]):
        neighbour = database_key.start(environment) if number % WITH_NEIGHBOUR == 0 else None
        with database_key.start(environment) as process:
            time.sleep(moments.uniform(0, takes))
            process.send_signal(moments.choice(EVERY))
            process.communicate(timeout=60)
        if neighbour is not None:
            assert _finish(neighbour) == right
            assert _finish(database_key.start(environment)) == right
            assert database_key.left() == before

    assert _finish(database_key.start(environment)) == right
    assert database_key.left() == before
