"""Simulations in a project whose migrations do not run on an empty database."""

import pytest

from driftcheck.actions.simulate import SimulationOptions, simulate
from driftcheck.actions.snapshot import base_snapshot
from driftcheck.config.settings import Bootstrap, Settings
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.storage.snapshot_file import dump
from tests.kept import used

TABLE = "CREATE TABLE students (grade varchar(1) CHECK (grade IN ('a', 'b')))"
MODELS = """
Table("students", metadata,
    Column("grade", String(1)), Column("age", Integer), CheckConstraint("grade IN ('a', 'b')"))
"""


@pytest.fixture
def standing(sketch, pg18):
    """A project whose first revision needs an existing table, with a function that simulates."""
    project = sketch(pg18)
    project.models(MODELS)
    project.by_hand(TABLE)
    project.revision("0001", "")
    project.revision("0002", 'op.add_column("students", sa.Column("age", sa.Integer()))', "0001")
    project.upgrade("0001")
    project.settings = {"root": project.root}
    project.simulate = lambda options, **more: simulate(
        Settings(**project.settings, **more), options
    )
    with used(pg18):
        yield project


def starts(report):
    return [
        (simulation.start, simulation.succeeds) for simulation in report.databases[0].simulations
    ]


def test_a_bootstrap(standing):
    (standing.root / "students.sql").write_text(TABLE)
    bootstrap = Bootstrap("students.sql", "0001")
    report = standing.simulate(SimulationOptions(every=True, with_data=True), bootstrap=bootstrap)
    assert starts(report) == [("0001", True), ("0002", True)]
    assert report.findings == ()


def test_a_base_snapshot(standing):
    path = standing.root / "base.json"
    path.write_text(dump(base_snapshot(Settings(**standing.settings))))
    report = standing.simulate(SimulationOptions(), base_snapshot=path)
    assert starts(report) == [("0001", True)]
    assert report.findings == ()


def test_nothing_to_begin_with(standing):
    report = standing.simulate(SimulationOptions())
    assert [
        (simulation.start, simulation.succeeds) for simulation in report.databases[0].simulations
    ] == [("0001", False)]
    assert 'relation "students" does not exist' in report.findings[0].details


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        (
            SimulationOptions(at="0009"),
            ConfigurationError,
            "Can't locate revision identified by '0009'",
        ),
        (SimulationOptions(every=True, since="x"), ConfigurationError, "no such revision"),
        (
            SimulationOptions(after_downgrade=3),
            ConfigurationError,
            "the history has only 2 revisions",
        ),
    ],
)
def test_what_cannot_be_asked(standing, options, error, says):
    with pytest.raises(error, match=says):
        standing.simulate(options)


def test_a_live_database_that_is_nowhere_in_the_history(standing):
    standing.by_hand("DROP TABLE alembic_version")
    with pytest.raises(
        CannotCheckError, match="the revision of the live database is not known"
    ) as raised:
        standing.simulate(SimulationOptions())
    assert "--at REVISION" in raised.value.hint
