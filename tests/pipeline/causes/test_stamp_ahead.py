"""Live databases whose stamp records revisions that have not run: the cause, and its remedy."""

from dataclasses import dataclass, field

import pytest
from alembic import command
from alembic.config import Config

from tests.kept import variables

MODELS = """
Table("a", metadata, Column("id", Integer, primary_key=True), Column("size", BigInteger))
Table("b", metadata, Column("id", Integer, primary_key=True), Column("a_id", Integer, index=True))
Table("d", metadata, Column("id", Integer, primary_key=True))
"""
HISTORY = (
    """
op.create_table("a", sa.Column("id", sa.Integer, primary_key=True), sa.Column("old", sa.Text))
""",
    """
op.create_table("b", sa.Column("id", sa.Integer, primary_key=True), sa.Column("a_id", sa.Integer))
op.create_index("ix_b_a_id", "b", ["a_id"])
op.add_column("a", sa.Column("size", sa.Integer))
""",
    'op.execute("UPDATE a SET size = 1")',
    """
op.alter_column("a", "size", type_=sa.BigInteger)
op.drop_column("a", "old")
""",
    'op.create_table("d", sa.Column("id", sa.Integer, primary_key=True))',
)
TABLE_D_MISSING = ("drift-table-missing", "public.d")
UNAPPLIED_B = [
    ("unapplied-column-missing", "public.a.size"),
    ("unapplied-table-missing", "public.b"),
]
UNAPPLIED_D = ("unapplied-table-missing", "public.d")
UNAPPLIED_OLD = ("unapplied-column-extra", "public.a.old")
UNAPPLIED_SIZE = ("unapplied-column-changed", "public.a.size")
B = ["created column public.a.size", "created table public.b"]
A = ["altered column public.a.size", "dropped column public.a.old"]
D = "created table public.d"
WITHOUT = "and their changes are missing"


@dataclass
class Case:
    """What has run on a database, its stamp, and what is found and advised.

    Attributes:
        run: The revision up to which the migrations run.
        stamp: The revision that is recorded then.
        by_hand: Statements after that.
        message: The message of the finding that names the cause.
        findings: The other findings.
        details: The lines of the finding.
        remedy: The commands of its remedy.
        left: The findings after the remedy.
    """

    run: str
    stamp: str
    by_hand: str
    message: str
    findings: list
    details: list
    remedy: str
    left: list = field(default_factory=list)


def message(schema, stamp, revisions):
    return f"the live database has {schema}, but its stamp says {stamp}: {revisions} {WITHOUT}"


CASES = {
    "to the head": Case(
        "r1", "heads", "", message("the schema of r1", "r5", "r2, r3, r4, r5 are recorded,"),
        [*UNAPPLIED_B, UNAPPLIED_OLD, UNAPPLIED_D],
        ["created column public.a.size", "created table public.b", "dropped column public.a.old",
         D], "alembic stamp r1\nalembic upgrade head",
    ),
    "to a revision before the head": Case(
        "r1", "r3", "", message("the schema of r1", "r3", "r2, r3 are recorded,"),
        [*UNAPPLIED_B, UNAPPLIED_OLD, UNAPPLIED_D],
        B, "alembic stamp r1\nalembic upgrade head",
    ),
    "a revision that only alters and drops": Case(
        "r3", "r4", "", "the live database has the schema of r3, but its stamp says r4: r4 is "
        "recorded, and its changes are missing",
        [UNAPPLIED_OLD, UNAPPLIED_SIZE, UNAPPLIED_D],
        A, "alembic stamp r3\nalembic upgrade head",
    ),
    "no revision has run": Case(
        "base", "r3", "",
        message("the schema before the first revision", "r3", "r1, r2, r3 are recorded,"),
        [("unapplied-table-missing", "public.a"), UNAPPLIED_B[1], UNAPPLIED_D],
        ["created table public.a", "created table public.b"],
        "alembic stamp base\nalembic upgrade head",
    ),
    "with other drift": Case(
        "r1", "r3", "ALTER TABLE a ADD x text",
        message("the schema of r1, apart from other drift", "r3", "r2, r3 are recorded,"),
        [("drift-column-extra", "public.a.x"), *UNAPPLIED_B, UNAPPLIED_OLD, UNAPPLIED_D],
        B, "alembic stamp r1\nalembic upgrade head", [("drift-column-extra", "public.a.x")],
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def project(sketch, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    for number, lines in enumerate(HISTORY, 1):
        project.revision(f"r{number}", lines.strip(), f"r{number - 1}" if number > 1 else None)
    yield project
    project.live.close()
    project.live.shadow.drop()


def configuration(project, url):
    config = Config(project.root / "alembic.ini")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def migrate(project, live, run, stamp):
    if run != "base":
        project.upgrade(run, live.text_url)
    command.stamp(configuration(project, live.text_url), stamp)
    live.close()


def follow(project, url, remedy):
    """Run the commands of a remedy, which are those of Alembic."""
    for line in remedy["code"].splitlines():
        name, *words = line.removeprefix("alembic ").split()
        purge = {"purge": True} if "--purge" in words else {}
        revisions = [word for word in words if word != "--purge"]
        target = revisions if name == "stamp" else revisions[0]
        getattr(command, name)(configuration(project, url), target, **purge)


def cause_in(result):
    (cause,) = (f for f in result.database["findings"] if f["rule"] == "stamp-ahead")
    return cause


@pytest.mark.parametrize("name", CASES)
def test_the_cause_and_its_remedy(project, database, pg18, name):
    case, live, environment = CASES[name], database(pg18), variables(pg18)
    migrate(project, live, case.run, case.stamp)
    if case.by_hand:
        live.execute(case.by_hand)
    result = project.compare("--database-url", live.text_url, **environment)
    assert result.status == 1
    assert result.findings == sorted([("stamp-ahead", ""), *case.findings])
    cause = cause_in(result)
    assert cause["message"] == case.message
    assert sorted(cause["details"].splitlines()) == sorted(case.details)
    (remedy,) = cause["remedy"]
    assert remedy["code"] == case.remedy
    others = [f for f in result.database["findings"] if f is not cause]
    advice = [r["summary"] for f in others for r in f["remedy"] if r["name"] == "upgrade"]
    first = "An upgrade skips revisions now. First stamp (stamp-ahead), then run the migrations."
    assert {*advice} == {first}
    live.close()
    follow(project, live.text_url, remedy)
    after = project.compare("--database-url", live.text_url, **environment)
    assert after.findings == case.left


def test_revisions_without_changes_of_the_schema_cannot_be_told_apart(project, database, pg18):
    live = database(pg18)
    migrate(project, live, "r2", "r4")
    cause = cause_in(project.compare("--database-url", live.text_url, **variables(pg18)))
    assert cause["message"].startswith("the live database has the schema of r3, but its stamp")
    (remedy,) = cause["remedy"]
    assert remedy["code"].startswith("alembic stamp r3\n")
    assert "The schema is also that of r2: revisions that do not change the" in remedy["summary"]
    assert "check whether such statements have run already" in remedy["summary"]


NOT_EXPLAINED = {
    "a part of a revision is missing": (
        "heads", "heads", "DROP INDEX ix_b_a_id; DROP TABLE d",
        [("drift-index-missing", "public.ix_b_a_id"), TABLE_D_MISSING],
    ),
    "a part of the last revision is missing": (
        "r4", "r4", "ALTER TABLE a ADD old text",
        [("drift-column-extra", "public.a.old"), UNAPPLIED_D],
    ),
    "one object is missing and another one was added": (
        "heads", "heads", "DROP TABLE d; ALTER TABLE a ADD x text",
        [("drift-column-extra", "public.a.x"), TABLE_D_MISSING],
    ),
    "the columns existed": (
        "r3", "r3", "DROP TABLE b; ALTER TABLE a DROP size",
        [("drift-column-missing", "public.a.size"), ("drift-table-missing", "public.b"),
         UNAPPLIED_OLD, UNAPPLIED_SIZE, UNAPPLIED_D],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NOT_EXPLAINED)
def test_what_an_earlier_state_does_not_explain_is_drift(project, database, pg18, name):
    (run, stamp, by_hand, findings), live = NOT_EXPLAINED[name], database(pg18)
    migrate(project, live, run, stamp)
    live.execute(by_hand)
    result = project.compare("--database-url", live.text_url, **variables(pg18))
    assert result.findings == sorted(findings)


@pytest.mark.parametrize(
    ("second", "details"),
    [(HISTORY[1], "created column a.size\ncreated table b"), (HISTORY[4], None)],
)
def test_sqlite(sketch, second, details):
    """A single missing change may have been undone by hand, so it is drift."""
    project = sketch()
    project.models("")
    project.revision("r1", HISTORY[0].strip())
    project.revision("r2", second, "r1")
    project.upgrade("r1")
    command.stamp(configuration(project, project.url), "heads")
    result = project.compare("--only-gap", "drift")
    if details is None:
        assert result.findings == [("drift-table-missing", "d")]
        return
    cause = cause_in(result)
    assert cause["details"] == details
    follow(project, project.url, cause["remedy"][0])
    assert project.compare("--only-gap", "drift").findings == []


@pytest.mark.parametrize(
    ("second", "third", "rule"),
    [("bc", "d", "stamp-ahead"), ("b", "", "stamp-behind")],
)
def test_a_later_revision_that_drops_what_has_not_been_created(sketch, second, third, rule):
    """What explains all of the drift is the cause. The third revision explains a part at most."""
    project = sketch()
    table = 'op.create_table("{}", sa.Column("id", sa.Integer, primary_key=True))'.format
    project.revision("r1", HISTORY[0].strip())
    project.revision("r2", "\n".join(map(table, second)), "r1")
    project.revision("r3", "\n".join(['op.drop_table("b")', *map(table, third)]), "r2")
    project.upgrade("r1")
    command.stamp(configuration(project, project.url), "r2")
    assert project.compare("--only-gap", "drift").findings == [(rule, "")]


@pytest.mark.parametrize(("dropped", "replays"), [("INDEX ix", 1), ("TABLE d", 2)])
def test_the_history_is_walked_only_if_its_last_revisions_may_not_have_run(
    sketch, tmp_path, dropped, replays
):
    project, runs = sketch(), tmp_path / "runs"
    count = f'with open({str(runs)!r}, "a") as file:\n    print("run", file=file)'
    project.revision("r1", f'{count}{HISTORY[0]}op.create_index("ix", "a", ["old"])')
    project.revision("r2", HISTORY[4], "r1")
    project.upgrade()
    project.by_hand(f"DROP {dropped}")
    runs.unlink()
    project.compare("--only-gap", "drift", DRIFTCHECK_CACHE_DIR=str(tmp_path / "cache"))
    assert len(runs.read_text().splitlines()) == replays


def test_repair_and_adopt_leave_the_stamp_to_a_person(project, database, pg18):
    live, environment = database(pg18), variables(pg18)
    migrate(project, live, "r1", "heads")
    url = "--database-url", live.text_url
    repair = project.run("repair", "--format", "json", *url, **environment)
    assert repair.status == 1
    assert "stamp-ahead" in repair.stdout
    assert "CREATE TABLE" not in repair.stdout
    adopt = project.run("adopt", *url, **environment)
    assert adopt.status == 3
    assert "records revisions whose changes are missing" in adopt.stderr


def test_parallel_branches(sketch, database, pg18):
    """The stamp of one branch is ahead, and that of the other is right."""
    project = sketch(pg18)
    project.models('Table("left", metadata, Column("id", Integer, primary_key=True))')
    table = 'op.create_table("{}", sa.Column("id", sa.Integer, primary_key=True))'
    for revision, after in (("r1", None), ("left", "r1"), ("right", "r1"), ("more", "left")):
        project.revision(revision, table.format(revision), after)
    live, environment = database(pg18), variables(pg18)
    project.upgrade("right", live.text_url)
    command.stamp(configuration(project, live.text_url), "heads")
    live.close()
    url = "--database-url", live.text_url, "--only-gap", "drift"
    cause = cause_in(project.compare(*url, **environment))
    (remedy,) = cause["remedy"]
    assert remedy["code"] == "alembic stamp --purge right\nalembic upgrade heads"
    live.close()
    follow(project, live.text_url, remedy)
    after = project.compare(*url, **environment)
    assert [rule for rule, _ in after.findings if rule != "stamp-several"] == [
        "history-several-heads"
    ]
    project.live.close()
    project.live.shadow.drop()
