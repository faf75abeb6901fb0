"""The fixtures for the tests of a project, on databases of the kind that the project has."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from driftcheck.actions.testing.databases import DatabasesForTests
from tests.conftest import ROOT

pytest_plugins = ("pytester",)

TABLE = 'op.create_table("students", sa.Column("id", sa.Integer, primary_key=True))'
NAME = 'op.add_column("students", sa.Column("name", sa.Text))\n'
NAME += 'op.execute("UPDATE students SET name = 1 / id")'
ASYNC_ENVIRONMENT = """\
import asyncio

from alembic import context
from sqlalchemy import MetaData
from sqlalchemy.ext.asyncio import create_async_engine


def run(connection):
    context.configure(connection=connection, target_metadata=MetaData())
    with context.begin_transaction():
        context.run_migrations()


async def main():
    engine = create_async_engine(context.config.get_main_option("sqlalchemy.url"))
    async with engine.connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


asyncio.run(main())
"""
TESTS = """
import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

import driftcheck

pytestmark = pytest.mark.anyio
seen = []


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def rows(url, statement):
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        result = await connection.execute(text(statement))
        found = result.all() if result.returns_rows else []
    await engine.dispose()
    return found


async def test_empty(shadow_database):
    found = await rows(shadow_database, "SELECT relname FROM pg_class WHERE relname = 'students'")
    assert found == []


@pytest.mark.parametrize("number", [1, 2])
async def test_at_the_head(migrated_database, number):
    '''Each test has a database of its own.'''
    assert await rows(migrated_database, "SELECT * FROM students") == []
    await rows(migrated_database, "INSERT INTO students VALUES (1, 'Ada')")
    assert await rows(migrated_database, "SELECT version_num FROM alembic_version") == [("b",)]
    seen.append(migrated_database.database)
    assert len({*seen}) == number


async def test_the_history(alembic_history):
    assert alembic_history.revisions == ["a", "b"]
    alembic_history.upgrade_before("b")
    await rows(alembic_history.url, "INSERT INTO students VALUES (1)")
    alembic_history.upgrade()
    assert await rows(alembic_history.url, "SELECT id, name FROM students") == [(1, "1")]
    alembic_history.downgrade("a")
    await rows(alembic_history.url, "INSERT INTO students VALUES (0)")
    with pytest.raises(driftcheck.ReplayError) as caught:
        alembic_history.upgrade("b")
    assert "revision b fails: division by zero" in str(caught.value)
    assert "b.py, line 10" in caught.value.hint
    await rows(alembic_history.url, "DELETE FROM students WHERE id = 0")
    alembic_history.upgrade("head")
    for name in ("upgrade_before", "upgrade", "downgrade"):
        with pytest.raises(driftcheck.UsageError, match="'c'") as caught:
            getattr(alembic_history, name)("c")
        assert "driftcheck history" in caught.value.hint
    with pytest.raises(driftcheck.UsageError, match="'None'"):
        alembic_history.upgrade_before(None)
"""
INTERRUPTED = """
import signal
from pathlib import Path

import pytest


def interrupt(*_):
    if Path("runs").exists():
        raise TimeoutError


def test_a_slow_migration(alembic_history):
    # As pytest-timeout interrupts a test.
    signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    with pytest.raises(TimeoutError):
        alembic_history.upgrade()
    signal.setitimer(signal.ITIMER_REAL, 0)


def test_the_next(shadow_database):
    pass
"""


@pytest.fixture
def project(sketch, pg16):
    """A project with asyncpg, whose live database cannot be reached."""
    one = sketch(pg16)
    (one.root / "migrations" / "env.py").write_text(ASYNC_ENVIRONMENT)
    one.name_database("postgresql+asyncpg://nobody@127.0.0.1:1/gone")
    one.revision("a", TABLE)
    path = one.revision("b", NAME, "a")
    down = '\n\ndef downgrade():\n    op.drop_column("students", "name")\n'
    path.write_text(path.read_text() + down)
    (one.root / "test_own.py").write_text(TESTS)
    return one


def test_an_asyncio_project(project, pytester):
    os.chdir(project.root)
    result = pytester.runpytest_subprocess("-v", "-W", "error")
    result.assert_outcomes(passed=4)


def test_a_call_that_was_interrupted(sketch, pytester):
    """A later call must not get its answer."""
    one = sketch()
    one.revision("a", "import pathlib, time; pathlib.Path('runs').touch(); time.sleep(120)")
    (one.root / "test_own.py").write_text(INTERRUPTED)
    os.chdir(one.root)
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["driftcheck: an earlier call of driftcheck has not ended*"])
    assert result.duration < 100  # not the time that the revision sleeps


def test_the_page(sketch, pytester):
    """The example of docs/pytest.md, in a project as the page describes it."""
    one = sketch()
    one.revision("a", TABLE)
    one.revision("b", NAME.partition("\n")[0], "a")
    page = (ROOT / "docs" / "pytest.md").read_text()
    (example,) = re.findall(r"```python\n# test_app.py\n(.*?)```", page, re.DOTALL)
    (one.root / "test_app.py").write_text(example)
    os.chdir(one.root)
    pytester.runpytest_subprocess("-v", "-W", "error").assert_outcomes(passed=2)


def test_a_fixture_of_a_project_that_does_not_load(project, pytester):
    (project.root / "migrations" / "env.py").write_text("raise ValueError('no env')\n")
    os.chdir(project.root)
    result = pytester.runpytest_subprocess("-W", "error", "-k", "empty")
    result.assert_outcomes(errors=1)
    text = result.stdout.str()
    assert "driftcheck: running env.py failed: ValueError: no env" in text
    assert "The failure is in migrations/env.py, line 1." in text
    assert "Traceback" not in text


def test_rows_of_the_migrations(sketch, pytester):
    """They are there in the first run, and if the schema of the head is in the cache."""
    one = sketch()
    one.revision("a", TABLE + '\nop.execute("INSERT INTO students VALUES (77)")')
    (one.root / "test_own.py").write_text(
        "from sqlalchemy import create_engine, text\n\n"
        "def test_own(migrated_database):\n"
        "    with create_engine(migrated_database).connect() as connection:\n"
        "        assert connection.scalar(text('SELECT id FROM students')) == 77\n"
    )
    for _ in range(2):
        os.chdir(one.root)
        pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_database_at_a_head_that_cannot_be_built(sketch, pytester):
    one = sketch()
    one.revision("a", 'op.execute("SELECT gone")')
    (one.root / "test_own.py").write_text("def test_own(migrated_database):\n    pass\n")
    os.chdir(one.root)
    result = pytester.runpytest_subprocess("-W", "error")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        [
            "driftcheck: revision a fails: no such column: gone",
            "SELECT gone",
            "The failure is in migrations/versions/a.py, line 9.",
        ]
    )


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_the_end_of_a_run(sketch, number):
    """However it ends, its process and its databases do not stay."""
    one = sketch()
    one.revision("a", TABLE)
    one.models('Table("students", metadata, Column("id", Integer, primary_key=True))')
    (one.root / "test_own.py").write_text(
        "import time\nfrom pathlib import Path\n\n"
        "def test_own(migrated_database):\n"
        "    Path('made').write_text(migrated_database.database)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "test_own.py"]
    with subprocess.Popen(
        command, cwd=one.root, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    ) as process:
        made = one.root / "made"
        while not (made.exists() and made.read_text()):
            time.sleep(0.02)
        assert Path(made.read_text()).exists()
        (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        process.send_signal(number)
        process.communicate(timeout=30)
    limit = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < limit:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()
    assert not Path(made.read_text()).exists()


def test_several_databases():
    """The fixtures do not guess which of them a test is about."""

    environment = SimpleNamespace(databases={"one": [], "two": []})
    loaded = SimpleNamespace(environment=environment)
    opened = SimpleNamespace(loaded=loaded, shadows=None, settings=None)
    databases = DatabasesForTests(opened, None, None)
    with pytest.raises(Exception, match="the project migrates 2 databases"):
        _ = databases._key
