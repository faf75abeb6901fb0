"""Live databases on which more has run than their stamp says: the cause, and remedies that work."""

import re
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
    """
op.alter_column("a", "size", type_=sa.BigInteger)
op.drop_column("a", "old")
""",
    'op.execute("UPDATE a SET size = 1")',
    'op.create_table("d", sa.Column("id", sa.Integer, primary_key=True))',
)
TABLE_B = "CREATE TABLE b (id serial PRIMARY KEY, a_id integer)"
FAILED_INDEX = f"""
{TABLE_B}; CREATE INDEX ix_b_a_id ON b (a_id); ALTER TABLE a ADD size integer;
UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ix_b_a_id'::regclass
"""
TABLE_D = "CREATE TABLE d (id serial PRIMARY KEY)"
UNAPPLIED_D = ("unapplied-table-missing", "public.d")
NO_OLD, BIG = (
    ("unapplied-column-extra", "public.a.old"),
    ("unapplied-column-changed", "public.a.size"),
)


@dataclass
class Case:
    """What has run on a database, its stamp, and what is found and advised.

    Attributes:
        run: The revision up to which the migrations run.
        stamp: The revision that is recorded then.
        by_hand: Statements after that.
        findings: The findings, without those of the rule.
        details: The lines of the finding that names the cause.
        remedies: Its remedies.
        left: The findings after each remedy and an upgrade.
    """

    run: str
    stamp: str
    by_hand: str
    rule: str
    findings: list
    details: list
    remedies: list
    left: list = field(default_factory=list)


BOTH = ["finish the revision", "undo the part"]
CASES = {
    "one revision": Case(
        "r2", "r1", "", "stamp-behind", [NO_OLD, BIG, UNAPPLIED_D],
        ["created column public.a.size", "created table public.b"], ["stamp"],
    ),
    "every revision": Case(
        "heads", "r1", "", "stamp-behind", [],
        ["dropped column public.a.old", "created table public.d", "created column public.a.size",
         "created table public.b"], ["stamp"],
    ),
    "the same schema after another revision": Case(
        "r3", "r2", "", "stamp-behind", [UNAPPLIED_D],
        ["altered column public.a.size", "dropped column public.a.old"], ["stamp"],
    ),
    "with other drift": Case(
        "r3", "r1", "ALTER TABLE a ADD x text", "stamp-behind",
        [("drift-column-extra", "public.a.x"), UNAPPLIED_D],
        ["dropped column public.a.old", "created column public.a.size", "created table public.b"],
        ["stamp"], [("drift-column-extra", "public.a.x")],
    ),
    "a part": Case(
        "r1", "r1", TABLE_B, "stamp-behind-in-part",
        [NO_OLD, ("unapplied-column-missing", "public.a.size"), UNAPPLIED_D,
         ("unapplied-index-missing", "public.ix_b_a_id")],
        ["r2, has run: created table public.b", "r2, is missing: created column public.a.size",
         "r2, is missing: created index public.ix_b_a_id"],
        BOTH,
    ),
    "an index whose creation failed": Case(
        "r1", "r1", FAILED_INDEX, "stamp-behind-in-part",
        [NO_OLD, BIG, UNAPPLIED_D, ("unapplied-index-changed", "public.ix_b_a_id")],
        ["r2, has run: created column public.a.size", "r2, has run: created table public.b",
         "r2, has failed and is not valid: created index public.ix_b_a_id"],
        BOTH,
    ),
    "a part, with other drift": Case(
        "r2", "r2", "ALTER TABLE a DROP old, ADD x text", "stamp-behind-in-part",
        [("drift-column-extra", "public.a.x"), BIG, UNAPPLIED_D],
        ["r3, has run: dropped column public.a.old",
         "r3, is missing: altered column public.a.size"],
        BOTH, [("drift-column-extra", "public.a.x")],
    ),
    "a later revision, without one before it": Case(
        "r2", "r2", TABLE_D, "stamp-behind-in-part", [NO_OLD, BIG],
        ["r5, has run: created table public.d"], ["undo the part"],
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


def stamp(project, live, revision):
    config = Config(project.root / "alembic.ini")
    config.set_main_option("sqlalchemy.url", live.text_url.replace("%", "%%"))
    command.stamp(config, revision)


def follow(project, live, remedy):
    """Do what a remedy says: its SQL, then the command that it names."""
    text = remedy["code"]
    if remedy["language"] == "sql":
        live.execute(remedy["code"])
        text = remedy["summary"]
    for revision in re.findall(r"alembic stamp (\w+)", text):
        stamp(project, live, revision)
    live.close()
    project.upgrade(url=live.text_url)


@pytest.mark.parametrize("name", CASES)
def test_the_cause_and_its_remedies(project, database, pg18, name):
    case, live, environment = CASES[name], database(pg18), variables(pg18)
    project.upgrade(case.run, live.text_url)
    stamp(project, live, case.stamp)
    if case.by_hand:
        live.execute(case.by_hand)
    result = project.compare("--database-url", live.text_url, **environment)
    assert result.status == 1
    assert result.findings == sorted([(case.rule, ""), *case.findings])
    (cause,) = (f for f in result.database["findings"] if f["rule"] == case.rule)
    assert sorted(cause["details"].splitlines()) == sorted(case.details)
    assert [remedy["name"] for remedy in cause["remedy"]] == case.remedies
    drift = [f for f in result.database["findings"] if f["gap"] == "drift"]
    assert all("revision" in finding and "stamped" not in finding for finding in drift)
    others = [f for f in result.database["findings"] if f is not cause]
    advice = [r["summary"] for f in others for r in f["remedy"] if r["name"] == "upgrade"]
    assert all(summary.startswith("An upgrade fails now. First ") for summary in advice)
    for remedy in cause["remedy"]:
        copy = database(pg18, template=live)
        follow(project, copy, remedy)
        after = project.compare("--database-url", copy.text_url, **environment)
        assert after.findings == case.left, remedy


def test_a_revision_whose_object_a_later_one_has_altered(project, database, pg18):
    """The column of r2 is in live as r3 has altered it, so r2 has run, and r3 in part."""
    live = database(pg18)
    project.upgrade("r3", live.text_url)
    stamp(project, live, "r1")
    live.execute("ALTER TABLE a ADD old text")
    result = project.compare("--database-url", live.text_url, **variables(pg18))
    causes = {f["rule"]: f for f in result.database["findings"] if f["rule"].startswith("stamp")}
    assert [*causes] == ["stamp-behind", "stamp-behind-in-part"]
    assert causes["stamp-behind"]["remedy"][0]["code"] == "alembic stamp r2"
    assert sorted(causes["stamp-behind-in-part"]["details"].splitlines()) == [
        "r3, has run: altered column public.a.size",
        "r3, is missing: dropped column public.a.old",
    ]
    stamp(project, live, "r2")
    follow(project, live, causes["stamp-behind-in-part"]["remedy"][0])
    after = project.compare("--database-url", live.text_url, **variables(pg18))
    assert after.findings == []


def test_the_rows_decide_between_revisions_with_the_same_schema(project, database, pg18):
    live = database(pg18)
    project.upgrade("r4", live.text_url)
    stamp(project, live, "r2")
    result = project.compare("--database-url", live.text_url, **variables(pg18))
    (cause,) = (f for f in result.database["findings"] if f["rule"] == "stamp-behind")
    assert cause["remedy"][0]["code"] == "alembic stamp r3"
    assert "The schema is also that of r4: check the rows" in cause["remedy"][0]["summary"]


def test_locate_reports_the_part_of_a_revision_that_has_run(project, database, pg18):
    live = database(pg18)
    project.upgrade("r1", live.text_url)
    live.execute(TABLE_B)
    options = "--format", "json", "--database-url", live.text_url
    result = project.run("locate", *options, **variables(pg18))
    assert result.findings == [("locate-nearest", ""), ("stamp-behind-in-part", "")]
    assert "no migration creates it" not in result.stdout
