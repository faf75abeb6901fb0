"""A database that was dumped and restored has other column numbers and texts, and no drift."""

import pytest

from driftcheck.actions.compare.quick_check import quick_report
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from tests.kept import variables
from tests.restoring import restore

MODELS = """
Table("students", metadata, Column("id", Integer, primary_key=True),
    Column("name", Text, index=True), Column("years", Integer),
    Column("state", Enum("new", "old", name="state", native_enum=False, create_constraint=True)),
    Index("news", "id", postgresql_where=text("state IN ('new', 'old')")))
"""
REVISIONS = [
    """
op.create_table("students", sa.Column("left", sa.Text()),
    sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()),
    sa.Column("years", sa.Integer()))
op.create_index("ix_students_name", "students", ["name"])
op.drop_column("students", "left")
""",
    """
op.add_column("students", sa.Column("state", sa.Enum("new", "old", name="state",
    native_enum=False, create_constraint=True)))
op.execute("CREATE INDEX news ON students (id) WHERE state IN ('new', 'old')")
op.execute("CREATE VIEW named AS SELECT name FROM students WHERE years BETWEEN 5 AND 9 AND id > 0")
""",
    "op.execute(\"CREATE VIEW states AS SELECT name FROM students WHERE state NOT IN ('a', 'b')\")",
]


@pytest.fixture(scope="module")
def project(sketch, pg18):
    project = sketch(pg18)
    project.variables = variables(pg18)
    project.models(MODELS)
    for number, lines in enumerate(REVISIONS, 1):
        project.revision(f"000{number}", lines, f"000{number - 1}" if number > 1 else None)
    project.upgrade()
    return project


@pytest.fixture
def restored(project, database, pg18):
    restored = database(pg18)
    assert restore(project.live.url, restored.url) == []
    return restored


def test_it_has_no_drift(project, restored):
    result = project.compare("-d", restored.text_url)
    assert (result.status, result.findings) == (0, []), result.stdout + result.stderr


def test_the_next_check_is_quick(project, restored):
    assert project.compare("-d", restored.text_url, "--only-gap", "drift").status == 0
    settings = Settings(root=project.root, database_url=restored.text_url, gaps=(Gap.DRIFT,))
    assert quick_report(settings) is not None
    restored.execute("DROP VIEW states")
    assert quick_report(settings) is None


def test_what_was_changed_since_is_drift(project, restored):
    restored.execute(
        "ALTER TABLE students DROP CONSTRAINT state, ADD CONSTRAINT state CHECK"
        " (state IN ('new', 'odd'));"
        "CREATE OR REPLACE VIEW named AS SELECT name FROM students"
        " WHERE years BETWEEN 5 AND 8 AND id > 0",
    )
    result = project.compare("-d", restored.text_url)
    assert result.findings == [
        ("drift-check-constraint-changed", "public.students.state"),
        ("drift-view-changed", "public.named"),
    ]


def test_a_renamed_column_is_recognized(project, restored):
    restored.execute("ALTER TABLE students RENAME years TO age")
    result = project.compare("-d", restored.text_url, "--only-gap", "drift")
    assert result.findings == [("drift-column-renamed", "public.students.years")]


def test_what_is_dropped_is_drift(project, restored):
    restored.execute("ALTER TABLE students DROP years CASCADE")
    assert project.compare("-d", restored.text_url).findings == [
        ("drift-column-missing", "public.students.years"),
        ("drift-view-missing", "public.named"),
    ]


def test_a_renamed_index_is_renamed(project, restored):
    restored.execute("ALTER INDEX news RENAME TO olds")
    result = project.compare("-d", restored.text_url)
    assert result.findings == [("drift-index-renamed", "public.news")]


def test_what_names_a_renamed_column_is_not_drift(project, database, pg18):
    live = database(pg18)
    project.upgrade(url=live.text_url)
    live.execute("ALTER TABLE students RENAME state TO status")
    result = project.compare("-d", live.text_url, "--only-gap", "drift")
    assert result.findings == [("drift-column-renamed", "public.students.state")]


def test_it_is_located(project, restored):
    result = project.run("locate", "--format", "json", "-d", restored.text_url)
    assert (result.status, result.findings) == (0, []), result.stdout + result.stderr
    restored.execute("DROP VIEW states")
    (match,) = project.run("locate", "--format", "json", "-d", restored.text_url).findings
    assert match == ("locate-elsewhere", "")


def test_two_databases_are_compared(project, restored):
    ran = project.run("diff", "--format", "json", project.url, restored.text_url)
    assert (ran.status, ran.findings) == (0, []), ran.stdout + ran.stderr


def test_where_nothing_is_decided_the_finding_says_so(project, restored, pg18):
    shared = pg18.server.set(database="postgres").render_as_string(hide_password=False)
    result = project.compare("-d", restored.text_url, "--shadow", shared)
    assert ("drift-view-changed", "public.states") in result.findings
    for finding in result.database["findings"]:
        assert "could not be decided: the shadow databases are on a server" in finding["leads_to"]


def test_what_models_and_live_have_alike_was_applied_by_hand(sketch, pg18):
    project = sketch(pg18)
    project.models(
        'Table("t", metadata, Column("id", Integer), Column("s", String(9)),'
        " CheckConstraint(\"s IN ('a', 'b')\", name=\"known\"))"
    )
    project.revision(
        "0001",
        'op.create_table("t", sa.Column("id", sa.Integer()), sa.Column("s", sa.String(9)),'
        ' sa.CheckConstraint("s IN (\'a\')", name="known"))',
    )
    project.upgrade()
    project.by_hand(
        "ALTER TABLE t DROP CONSTRAINT known, ADD CONSTRAINT known CHECK"
        " (s::text = ANY (ARRAY['a'::varchar::text, 'b'::varchar::text]))"
    )
    result = project.compare()
    assert result.findings == [("hand-applied-check-constraint-changed", "public.t.known")]


def test_a_base_snapshot_of_a_restored_database(sketch, database, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    origin, live = database(pg18), project.live
    for number, lines in enumerate(REVISIONS, 1):
        project.revision(f"000{number}", lines, f"000{number - 1}" if number > 1 else None)
    project.upgrade(url=origin.text_url)
    assert restore(origin.url, live.url) == []
    written = project.run("snapshot", "--write", "base.json")
    assert written.status == 0, written.stderr
    (project.root / "pyproject.toml").write_text('[tool.driftcheck]\nbase-snapshot = "base.json"\n')
    result = project.compare()
    assert (result.status, result.findings) == (0, []), result.stdout + result.stderr


def test_the_name_of_a_foreign_key_that_a_dump_does_not_contain_is_a_note(project, database, pg18):
    made = database(
        pg18,
        "CREATE TABLE room (id int PRIMARY KEY);"
        "CREATE TABLE pupil (id int, room int REFERENCES room) PARTITION BY LIST (id);"
        "CREATE TABLE pupil_1 (id int, room int REFERENCES room);"
        "ALTER TABLE pupil ATTACH PARTITION pupil_1 FOR VALUES IN (1)",
    )
    restored = database(pg18)
    assert restore(made.url, restored.url) == []
    ran = project.run("diff", "--format", "json", made.text_url, restored.text_url)
    name = "public.pupil_1.pupil_1_room_fkey"
    assert (ran.status, ran.findings) == (0, [("difference-foreign-key-inherited", name)])

    restored.execute("ALTER TABLE pupil RENAME CONSTRAINT pupil_room_fkey TO other")
    ran = project.run("diff", "--format", "json", made.text_url, restored.text_url)
    assert ("difference-foreign-key-renamed", "public.pupil.pupil_room_fkey") in ran.findings
