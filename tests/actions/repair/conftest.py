"""Projects with drift, and their plans."""

from contextlib import contextmanager

import pytest

from driftcheck.actions.repair import planned
from driftcheck.config.settings import Settings
from tests.kept import used, variables

MODELS = """
Table("schools", metadata, Column("id", Integer, primary_key=True), Column("name", Text))
Table(
    "students",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("last_name", String(64), nullable=False),
    Column("code", String(40)),
    Column("age", Integer),
    Column("school_id", ForeignKey("schools.id", name="fk_school")),
    UniqueConstraint("code", name="uq_code"),
    CheckConstraint("age > 0", name="ck_age"),
    Index("ix_last_name", "last_name"),
)
"""
REVISION = """
op.create_table(
    "schools", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)
)
op.create_table(
    "students",
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("last_name", sa.String(64), nullable=False),
    sa.Column("code", sa.String(40)),
    sa.Column("age", sa.Integer),
    sa.Column("school_id", sa.Integer, sa.ForeignKey("schools.id", name="fk_school")),
    sa.UniqueConstraint("code", name="uq_code"),
    sa.CheckConstraint("age > 0", name="ck_age"),
)
op.create_index("ix_last_name", "students", ["last_name"])
op.execute("CREATE VIEW codes AS SELECT id, code FROM students")
"""
ROWS = """
INSERT INTO schools SELECT n, 'school ' || n FROM generate_series(1, 3) n;
INSERT INTO students SELECT n, 'name ' || n, 'code ' || n, n, 1 + n % 3
FROM generate_series(1, 200) n;
"""


@pytest.fixture
def project(sketch, pg16):
    """A project in step, with rows, on a server."""
    made = sketch(pg16)
    made.variables = variables(pg16)
    made.models(MODELS)
    made.revision("0001", REVISION.strip())
    made.upgrade()
    made.by_hand(ROWS)
    yield made
    made.live.close()
    made.live.shadow.drop()


@pytest.fixture
def plan_for(pg16):
    """Return a function that changes the live database of a project, and plans the repair."""

    @contextmanager
    def plan(project, by_hand, *only, **settings):
        project.by_hand(by_hand)
        with used(pg16), planned(Settings(root=project.root, **settings), only) as found:
            yield found

    return plan


@pytest.fixture
def run_plan():
    """Return a function that runs a plan on the live database, without driftcheck."""

    def run(project, plan):
        steps = plan.plan.transaction
        project.by_hand("BEGIN;" + "".join(f"{step.statement};" for step in steps) + "COMMIT")
        for step in plan.plan.separate:
            project.by_hand(step.statement)

    return run
