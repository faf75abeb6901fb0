"""Several changes of the acceptance catalogues at once are repaired by one plan, with rows.

On PostgreSQL, the plan is chosen and run as in ``test_repairs.py``. On SQLite, the command
``repair --apply`` repairs the database of a project.
"""

import random
import re
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pytest
from sqlalchemy.engine import make_url

from driftcheck.databases.connection import connect
from driftcheck.databases.row_filling import fill
from driftcheck.databases.version_table import VersionTable
from tests.databases.drift_cases import base_statements, read_cases
from tests.soak import test_repairs as repairs
from tests.soak.test_repairs import base  # noqa: F401  (a fixture)

pytestmark = pytest.mark.soak

DATABASES = Path(__file__).parents[1] / "databases"
BY_HAND = re.compile(r"by hand|cannot be repaired|not repaired", re.IGNORECASE)


def _combination(number, cases, make):
    """Make 5 to 15 changes, of those that the database does not refuse."""
    chosen = random.Random(number)  # noqa: S311  (no secret)
    wanted, done = chosen.randint(5, 15), []
    for case in chosen.sample(cases, len(cases)):
        if len(done) == wanted:
            break
        if make(case):
            done.append(case)
    return done


@pytest.mark.parametrize("number", range(100))
def test_postgresql(pg16, base, number):  # noqa: F811
    cases = [
        case
        for case in repairs.CASES
        if not any(text in case.statements for text in repairs.NOT_PROVED)
    ]
    shadow = pg16.make("case", base)
    try:
        with closing(connect(shadow.url)) as connection:
            connection.autocommit = True

            def make(case):
                try:
                    connection.cursor().execute(case.statements)
                except psycopg2.Error:  # what another change has removed, or the rows
                    return False
                return True

            done = _combination(number, cases, make)
        wanted = repairs._read(base.url, privileges=True)
        live = repairs._read(shadow.url, privileges=True)
        left, by_hand, proof = repairs._repaired(shadow.url, wanted, live, pg16)
        told = ", ".join(map(str, done))
        assert not proof.refused, told
        assert by_hand or (proof.holds and not left), f"{told}: {left} {proof}"
    finally:
        shadow.drop()


def _project(sketch):
    """A project whose one revision makes the schema of the catalogue, with rows."""
    project = sketch()
    project.models('Table("students", metadata, Column("id", Integer, primary_key=True))')
    statements = base_statements(DATABASES / "sqlite")
    project.revision("0001", "\n".join(f"op.execute(sa.text({_text(s)!r}))" for s in statements))
    project.upgrade()
    fill(make_url(project.url), [VersionTable("", "alembic_version")], 3)
    return project


def _text(statement):
    """A statement for ``sqlalchemy.text``, which takes a colon for a parameter."""
    return statement.replace(":", r"\:")


def _repair(project, done):
    """Repair the project's database, and require that nothing is left that was not told."""
    found = project.run("repair", "--apply", "--yes", "--allow", "data-loss")
    after = project.compare("--only-gap", "drift")
    left = [finding for finding in after.findings if finding[1]]
    is_told = bool(BY_HAND.search(found.stdout + found.stderr))
    sys.stderr.write(f"{len(done)} changes: {len(left)} left, exit code {found.status}\n")
    told = f"{list(map(str, done))}\n{found.stdout}\n{found.stderr}"
    if "has to be done by hand" in found.stderr:  # all of it
        assert found.status == 2, told
        assert "Nothing was changed" in found.stderr, told
        return
    assert found.status in (0, 1), told
    assert is_told or not after.status, f"{left}\n{told}"


@pytest.mark.parametrize("number", range(25))
def test_sqlite(sketch, number):
    project = _project(sketch)
    with closing(sqlite3.connect(project.live, isolation_level=None)) as connection:

        def make(case):
            with suppress(sqlite3.Error):
                connection.executescript(f"BEGIN; {'; '.join(case.statements)}; COMMIT")
                return True
            if connection.in_transaction:
                connection.rollback()
            return False

        cases = [case for case in read_cases(DATABASES / "sqlite") if case.expected]
        done = _combination(number, cases, make)
    _repair(project, done)
