"""Every change of the acceptance catalogue is adopted by a migration that was proved, with rows.

The changes are made on databases with the schema of ``everything.sql``, which one revision builds.
Changes of different objects of a family are adopted together. If their migration is not proved, the
halves of them are, so that every change that is not adopted is named.
"""

import shutil
import sys
from collections import Counter
from contextlib import closing
from pathlib import Path

import alembic
import psycopg2
import pytest

from driftcheck.actions.adopt import AdoptOptions, adopt
from driftcheck.config.settings import Settings
from driftcheck.databases.connection import connect
from driftcheck.errors import DriftcheckError
from tests.databases.postgresql.catalog.cases import (
    base_statements,
    grouped,
    make_tablespace,
    read_cases,
)
from tests.kept import used

pytestmark = pytest.mark.soak

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
# Owners and privileges differ between the databases of a project, so they are not adopted.
CASES = [
    case for case in read_cases() if case.runs_on(16) and case.expected and not case.privileges
]
FAMILIES = sorted({case.family for case in CASES})
GROUPS = [
    pytest.param(group, id=f"{family}-{number}")
    for family in FAMILIES
    for number, group in enumerate(grouped([case for case in CASES if case.family == family]))
]
TOLD = "To be written by hand: "
REVISION = """
from pathlib import Path

op.get_bind().exec_driver_sql(Path(__file__).with_suffix(".sql").read_text().replace("%", "%%"))
"""


@pytest.fixture(scope="module")
def project(sketch, pg16):
    """A project whose migrations have built the schema that every case changes."""
    made = sketch(pg16)
    with closing(connect(made.live.url)) as connection:
        connection.autocommit = True
        make_tablespace(connection.cursor())
    path = made.revision("0001", REVISION.strip())
    path.with_suffix(".sql").write_text("\n".join(base_statements(16)))
    shutil.copy(TEMPLATE, made.root / "migrations")
    made.upgrade()
    yield made
    made.live.close()
    made.live.shadow.drop()


class Catalogue:
    """Adopts changes of the catalogue, and counts the results."""

    def __init__(self, project, maker):
        self._project = project
        self._maker = maker
        self.counts = Counter()
        self.faults = []

    def adopt(self, cases):
        """Adopt the changes of several cases together, or else those of each half of them."""
        fault = self._fault(cases)
        if not fault:
            self.counts["adopted"] += len(cases)
        elif len(cases) == 1 and fault.startswith(TOLD):
            self.counts["told that it is to be written by hand"] += 1
        elif len(cases) == 1:
            self.faults.append(f"{cases[0]}: {fault}")
        else:
            middle = len(cases) // 2
            self.adopt(cases[:middle])
            self.adopt(cases[middle:])

    def _fault(self, cases):
        self._project.live.close()
        shadow = self._maker.make("case", self._project.live.shadow)
        url = shadow.url.render_as_string(hide_password=False)
        try:
            with closing(connect(shadow.url)) as connection:
                connection.autocommit = True
                for case in cases:
                    connection.cursor().execute(case.statements)
            self._project.name_database(url)
            with used(self._maker):
                found = adopt(Settings(root=self._project.root), AdoptOptions())
        except (psycopg2.Error, DriftcheckError) as error:
            return str(error)
        finally:
            self._project.name_database(self._project.url)
            shadow.drop()
        if found.left:
            return TOLD + " ".join(each.reason for each in found.left)
        if found.failed and all(each.succeeded is None for each in found.failed):
            return TOLD + " ".join(each.details for each in found.failed)
        if found.is_proved and found.adopted:
            return ""
        return f"{found.failed or 'nothing to adopt'}\n{found.text}"


@pytest.mark.parametrize("cases", GROUPS)
def test_changes_of_different_objects(project, pg16, cases):
    catalogue = Catalogue(project, pg16)
    catalogue.adopt(cases)
    sys.stderr.write(f"{dict(catalogue.counts)}, not adopted: {len(catalogue.faults)}\n")
    assert catalogue.faults == []
