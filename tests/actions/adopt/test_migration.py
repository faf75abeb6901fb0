"""The migration that adopt writes: its text, its place, and what it says of the models."""

from __future__ import annotations

import re

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.actions.adopt import AdoptOptions, adopt
from driftcheck.actions.adopt.revision_file import _writing_to
from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.config.settings import Settings
from driftcheck.errors import ConfigurationError, UsageError
from tests.actions.adopt.test_acceptance import TEMPLATE, adopted, config, written
from tests.kept import used

MODELS = """
from sqlalchemy.orm import declarative_base
from {types} import Upper

Base = declarative_base(metadata=metadata)


class Student(Base):
    __tablename__ = "students"

    id = Column(Integer, primary_key=True)
    name = Column(Upper)
    last_name = Column(
        String(64),
        nullable=False,
    )
    age = Column(Integer)
"""
TYPES = """
from sqlalchemy import Text
from sqlalchemy.types import TypeDecorator


class Upper(TypeDecorator):
    impl = Text
    cache_ok = True
"""
STUDENTS = """
op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("name", sa.Text()), sa.Column("last_name", sa.String(64), nullable=False),
    sa.Column("age", sa.Integer()))
"""


@pytest.fixture
def students(sketch, pg18, monkeypatch):
    """A project with one table, as the tutorial has it."""
    project = sketch(pg18)
    monkeypatch.syspath_prepend(project.root)
    types = f"types_of_{project.root.name}"  # the tests share a process, and so its modules
    (project.root / f"{types}.py").write_text(TYPES)
    project.models(MODELS.replace("{types}", types))
    project.revision("0001", STUDENTS)
    (project.root / "migrations" / "script.py.mako").write_text(TEMPLATE.read_text())
    project.upgrade()
    return project


def body(text, function="upgrade"):
    """The lines of a function without the functions by which it looks."""
    return text.partition(f"def {function}() -> None:\n")[2].partition("\n\n\ndef ")[0].rstrip()


def test_a_dropped_column(students, pg18):
    students.by_hand("INSERT INTO students (last_name) VALUES ('x')")
    students.by_hand("ALTER TABLE students DROP last_name")
    adoption = adopted(students, pg18, message="Drop the last name")
    assert adoption.is_proved
    assert adoption.file.endswith("_drop_the_last_name.py")
    assert body(adoption.text).endswith(
        "    if 'last_name' in columns('students'):\n"
        "        op.drop_column('students', 'last_name')"
    )
    assert "server_default=sa.text(\"''\"), nullable=False" in body(adoption.text, "downgrade")
    assert [warning for warning in adoption.warnings if "with its data" in warning]
    (change,) = adoption.model_changes
    assert (change.source.file, change.source.line) == ("models.py", 16)
    assert [line for line in change.diff.splitlines() if line[:1] in "+-"] == [
        "--- a/models.py",
        "+++ b/models.py",
        "-    last_name = Column(",
        "-        String(64),",
        "-        nullable=False,",
        "-    )",
    ]


def test_an_added_column(students, pg18):
    students.by_hand("ALTER TABLE students ADD nick_name varchar(20)")
    adoption = adopted(students, pg18)
    assert adoption.is_proved
    assert "if 'nick_name' not in columns('students'):" in adoption.text
    (change,) = adoption.model_changes
    assert "+    nick_name = Column(String(20))" in change.diff


def test_a_type_of_the_project_is_rendered_with_its_import(students, pg18):
    students.by_hand("ALTER TABLE students DROP name")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    types = f"types_of_{students.root.name}"
    assert f"sa.Column('name', {types}.Upper(), nullable=True)" in body(adoption.text, "downgrade")
    assert f"\nimport {types}\n" in adoption.text


def test_what_the_models_want_needs_no_change_of_them(students, pg18):
    with (students.root / "models.py").open("a") as models:
        models.write("    city = Column(Text)\n")
    students.by_hand("ALTER TABLE students ADD city text")
    adoption = adopted(students, pg18)
    assert [finding.rule for finding in adoption.adopted] == ["hand-applied-column-extra"]
    assert adoption.is_proved
    assert adoption.model_changes == ()


def test_a_renamed_column_is_renamed_in_the_models(students, pg18):
    students.by_hand("ALTER TABLE students RENAME last_name TO family_name")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert [change.summary for change in adoption.model_changes] == [
        "Rename column public.students.last_name to public.students.family_name in the models."
    ]


@pytest.mark.parametrize(
    ("by_hand", "needed"),
    [
        ("ALTER age SET DEFAULT 0", "Change {age} in the models: default is 0 in the database."),
        ("DROP age", "Remove {age} from the models: the database no longer has it."),
    ],
)
def test_an_object_with_a_pending_change_needs_the_adopted_one_too(students, pg18, by_hand, needed):
    models = students.root / "models.py"
    models.write_text(models.read_text().replace("age = Column(Int", "age = Column(BigInt"))
    students.by_hand(f"ALTER TABLE students {by_hand}")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    (change,) = adoption.model_changes
    assert change.summary == needed.format(age="column public.students.age")


def test_only_what_is_named_is_adopted(students, pg18):
    students.by_hand(
        "ALTER TABLE students DROP last_name, ADD nick_name text;"
        # The default of the column reads differently, which follows from the rename.
        "ALTER SEQUENCE students_id_seq RENAME TO student_ids"
    )
    adoption = adopted(students, pg18, only=("students.nick_name",))
    assert adoption.is_proved, adoption.failed
    assert [f.address.name for f in adoption.adopted] == ["nick_name"]
    left = sorted(each.finding.address.name for each in adoption.left)
    assert left == ["last_name", "students_id_seq"]
    assert "last_name" not in adoption.text
    assert adoption.exit_code(written=True) == 0


def test_a_name_without_drift_is_refused(students, pg18):
    students.by_hand("ALTER TABLE students DROP last_name")
    with pytest.raises(UsageError, match="there is no drift of") as error:
        adopted(students, pg18, only=("students.age",))
    assert "public.students.last_name" in error.value.hint


def test_it_follows_revisions_that_live_has_not_run(students, pg18, database):
    students.by_hand("ALTER TABLE students ADD nick_name text")
    students.revision("0002", 'op.add_column("students", sa.Column("city", sa.Text()))', "0001")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert adoption.head == "0002"
    written(students, adoption)
    students.upgrade()
    columns = students.live.execute(
        "SELECT string_agg(column_name, ' ' ORDER BY column_name) FROM information_schema.columns"
        " WHERE table_name = 'students'"
    )
    assert columns == [("age city id last_name name nick_name",)]


def test_rows_that_refuse_a_change_are_told(students, pg18):
    students.by_hand("ALTER TABLE students ALTER age SET NOT NULL")
    adoption = adopted(students, pg18)
    assert adoption.is_proved
    (warning,) = adoption.warnings
    assert 'column "age" of relation "students" contains null values' in warning


def test_hostile_names(students, pg18):
    students.by_hand(
        'CREATE TABLE "we""ird \'in\' :t%s" ("a "" b \\ in :c" text, CONSTRAINT "x \' : y"'
        ' CHECK ("a "" b \\ in :c" <> \':z %\'));'
        "COMMENT ON TABLE students IS 'it''s :a %s {b}\nand \\ more';"
    )
    adoption = adopted(students, pg18)
    assert adoption.is_proved, (adoption.failed, adoption.text)


def test_a_name_that_cannot_stand_in_a_docstring(students, pg18):
    students.by_hand('CREATE TABLE """"""""" \\u" (id integer)')
    adoption = adopted(students, pg18)
    assert adoption.is_proved, (adoption.failed, adoption.text)
    assert adoption.text.startswith('"""adopt 1 change\n')


def test_defaults_that_reflection_adds_are_not_written(students, pg18):
    students.by_hand("CREATE TABLE made (id bigserial PRIMARY KEY, name varchar(9) UNIQUE)")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert body(adoption.text).endswith(
        """\
        op.create_table('made',
        sa.Column('id', sa.BIGINT(), autoincrement=True, nullable=False),
        sa.Column('name', sa.VARCHAR(length=9), nullable=True),
        sa.PrimaryKeyConstraint('id', name='made_pkey'),
        sa.UniqueConstraint('name', name='made_name_key')
        )"""
    )


def test_an_ignored_object_that_is_named_is_left_out_with_the_reason(students, pg18):
    students.by_hand("ALTER TABLE students DROP age")
    settings = Settings(root=students.root, ignore=(IgnoreEntry("drift-column-*", "known"),))
    with used(pg18):
        ignored = adopt(settings, AdoptOptions())
        named = adopt(settings, AdoptOptions(only=("students.age",)))
    assert (ignored.adopted, ignored.left) == ((), ())
    assert [each.reason for each in named.left] == ["An ignore entry of the project matches it."]


def test_offline_it_says_what_to_do(students, pg18):
    students.by_hand("ALTER TABLE students DROP last_name")
    written(students, adopted(students, pg18))
    with pytest.raises(RuntimeError, match="run it without --sql"):
        command.upgrade(config(students, students.url), "0001:head", sql=True)


def test_several_heads(students, pg18):
    students.revision("left", "pass", "0001")
    students.revision("right", "pass", "0001")
    students.upgrade()
    students.by_hand("ALTER TABLE students DROP last_name")
    with pytest.raises(ConfigurationError, match="2 heads: left, right"):
        adopted(students, pg18)
    with pytest.raises(ConfigurationError, match="--head none does not name one head"):
        adopted(students, pg18, head="none")
    adoption = adopted(students, pg18, head="left")
    assert adoption.is_proved, adoption.failed
    assert re.search(r"^down_revision\b.* = 'left'$", adoption.text, re.MULTILINE)


def test_nothing_to_adopt(students, pg18):
    adoption = adopted(students, pg18)
    assert (adoption.text, adoption.exit_code(written=False)) == ("", 0)


def test_a_history_that_fails(students, pg18):
    students.by_hand("ALTER TABLE students DROP last_name")
    students.revision("0002", 'op.drop_column("students", "nothing")', "0001")
    with pytest.raises(Exception, match="revision 0002 fails"):
        adopted(students, pg18)


def test_the_revision_is_no_part_of_the_project_until_it_is_written(students, pg18):
    students.by_hand("ALTER TABLE students DROP last_name")
    before = {*students.root.rglob("*.py")}
    adoption = adopted(students, pg18)
    assert {*students.root.rglob("*.py")} == before
    with pytest.raises(CommandError):
        command.upgrade(config(students, students.url), adoption.revision)


def test_a_database_without_a_stamp_is_compared_with_the_head(students, pg18):
    students.by_hand("DROP TABLE alembic_version; ALTER TABLE students ADD nick_name text")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert [finding.address.name for finding in adoption.adopted] == ["nick_name"]
    assert [command.split()[-2:] for command in adoption.next_steps] == [
        ["stamp", "0001"],
        ["upgrade", "head"],
    ]
    assert "has no stamp" in adoption.warnings[0]


def test_an_old_alembic_loads_both_version_locations(tmp_path):
    """It reads several locations only if the public attribute names them (seen with 1.14)."""
    versions = tmp_path / "migrations" / "versions"
    versions.mkdir(parents=True)
    script = ScriptDirectory(str(versions.parent))
    both = _writing_to(tmp_path / "new", script)
    assert both.version_locations == [str(versions), str(tmp_path / "new")]
    assert not script.version_locations


def test_a_type_is_changed_only_where_no_new_view_holds_it(students, pg18):
    students.by_hand(
        "ALTER TABLE students ALTER age TYPE bigint; CREATE VIEW ages AS SELECT age FROM students"
    )
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert "if not holds(\"to_regclass('public.ages') IS NOT NULL\"):" in body(adoption.text)


def test_a_table_with_a_type_that_sqlalchemy_does_not_know_is_looked_at_in_sql(students, pg18):
    """Its reflection warns, and a project may turn warnings into errors."""
    create = "CREATE TYPE pair AS (a integer, b integer); ALTER TABLE students ADD names pair[]"
    students.revision("0002", f"op.execute({create!r})", "0001")
    students.upgrade()
    students.by_hand("ALTER TABLE students DROP age, ADD nick text")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert "get_columns" not in adoption.text
    assert "if not holds(" in body(adoption.text)


def test_a_new_table_gets_its_sequence_and_its_comment_once(students, pg18):
    students.by_hand(
        "CREATE TABLE audit (id bigserial PRIMARY KEY); COMMENT ON TABLE audit IS 'who''s'"
    )
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert 'comment="who\'s"' in body(adoption.text)
    assert "op.execute" not in body(adoption.text)


PRIVILEGED = """
op.execute("CREATE PUBLICATION every FOR ALL TABLES")
op.execute("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w")
op.execute("CREATE USER MAPPING FOR PUBLIC SERVER s")
op.execute("CREATE SUBSCRIPTION news CONNECTION 'host=h password=sesame' PUBLICATION p "
    "WITH (connect = false, slot_name = NONE)")
op.execute("CREATE TABLE events (id integer) PARTITION BY RANGE (id)")
op.execute("CREATE FOREIGN TABLE far PARTITION OF events FOR VALUES FROM (0) TO (9) SERVER s")
"""


@pytest.mark.parametrize("is_behind", [False, True])
def test_objects_that_only_a_superuser_can_create(students, pg18, is_behind):
    """The copy of the live schema has those that the migrations have created."""
    students.revision("0002", PRIVILEGED.strip(), "0001")
    students.upgrade()
    if is_behind:
        students.revision("0003", 'op.add_column("students", sa.Column("nick", sa.Text))', "0002")
    students.by_hand("ALTER TABLE students DROP last_name")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed


def test_drift_of_foreign_tables(students, pg18):
    students.revision("0002", PRIVILEGED.strip(), "0001")
    students.upgrade()
    students.by_hand(
        "ALTER SERVER s OPTIONS (ADD host 'h'); ALTER FOREIGN TABLE far OPTIONS (ADD path '/');"
        "CREATE FOREIGN TABLE near (id integer) SERVER s"
    )
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed


def test_an_extension_that_only_a_superuser_can_install_is_written_and_not_proved(students, pg18):
    students.revision("0002", PRIVILEGED.strip(), "0001")
    students.upgrade()
    students.by_hand("CREATE EXTENSION vector")
    adoption = adopted(students, pg18)
    assert adoption.left == ()
    assert {attempt.succeeded for attempt in adoption.failed} == {None}
    assert "CREATE EXTENSION IF NOT EXISTS vector" in adoption.text


def test_drift_that_only_a_superuser_can_create_is_left_out(students, pg18):
    students.by_hand(
        "CREATE PUBLICATION every FOR ALL TABLES; COMMENT ON PUBLICATION every IS 'all';"
        "ALTER TABLE students DROP age"
    )
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert [finding.address.name for finding in adoption.adopted] == ["age"]
    (left,) = adoption.left
    assert left.finding.address.name == "every"
    assert re.search(r"cannot be made in a shadow database: must be superuser", left.reason)
    assert "every" not in adoption.text


OFFLINE = "CONNECTION 'host=h' PUBLICATION p WITH (connect = false, slot_name = NONE)"


@pytest.mark.parametrize(
    ("by_hand", "left", "others"),
    [
        ("CREATE PUBLICATION more FOR ALL TABLES", {"more"}, []),
        ("CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (password 'p')", {"postgres"}, []),
        # The migration would fail on databases that still have the user mapping.
        ("DROP SERVER s CASCADE; CREATE TABLE made ()", {"s", "PUBLIC"}, ["far", "made"]),
        (f"CREATE SUBSCRIPTION x {OFFLINE}", {"x"}, []),
        ("DROP SUBSCRIPTION news", {"news"}, []),
    ],
)
def test_what_is_to_be_written_by_hand_is_listed(students, pg18, by_hand, left, others):
    students.revision("0002", PRIVILEGED.strip(), "0001")
    students.upgrade()
    students.by_hand(by_hand)
    adoption = adopted(students, pg18)
    students.by_hand("DROP SUBSCRIPTION IF EXISTS x")  # which would keep the database
    assert {each.finding.address.name for each in adoption.left} == left
    assert [finding.address.name for finding in adoption.adopted] == others
    assert not others or adoption.is_proved, adoption.failed
    assert bool(adoption.text) == bool(others)


FAMILY = """
op.execute("CREATE OPERATOR FAMILY f USING btree")
op.execute("CREATE LANGUAGE shell HANDLER plpgsql_call_handler")
op.execute("CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end'")
op.execute("CREATE EVENT TRIGGER watched ON ddl_command_end EXECUTE FUNCTION public.watch()")
op.execute("COMMENT ON EVENT TRIGGER watched IS 'all of it'")
op.execute("CREATE FOREIGN DATA WRAPPER paper OPTIONS (debug 'on', path '/x')")
op.execute("CREATE SERVER s FOREIGN DATA WRAPPER paper")
op.execute("CREATE USER MAPPING FOR PUBLIC SERVER s")
op.execute("CREATE SUBSCRIPTION news CONNECTION 'host=h password=sesame' PUBLICATION p "
    "WITH (connect = false, slot_name = NONE)")
op.execute("CREATE EXTENSION vector")
"""


@pytest.mark.parametrize("is_behind", [False, True])
@pytest.mark.parametrize(
    "by_hand",
    [
        "COMMENT ON EVENT TRIGGER watched IS E'it\\'s \\\\ \"nothing\"; DROP TABLE students'",
        "ALTER EVENT TRIGGER watched RENAME TO other",
        "CREATE EVENT TRIGGER more ON sql_drop EXECUTE FUNCTION public.watch()",
        "ALTER FOREIGN DATA WRAPPER paper OPTIONS (DROP debug, SET path '/y', ADD more 'x')",
        "CREATE FOREIGN DATA WRAPPER glass VALIDATOR postgresql_fdw_validator",
        "ALTER LANGUAGE shell RENAME TO nut",
        "CREATE OPERATOR FAMILY g USING hash; COMMENT ON OPERATOR FAMILY g USING hash IS 'x'",
        "ALTER SUBSCRIPTION news SET (binary = true)",
        "ALTER SUBSCRIPTION news RENAME TO olds",
        'ALTER SUBSCRIPTION news SET PUBLICATION "a""b" WITH (refresh = false)',
        "ALTER SUBSCRIPTION news SET (slot_name = s); ALTER SUBSCRIPTION news ENABLE",
        "ALTER USER MAPPING FOR PUBLIC SERVER s OPTIONS (ADD username 'u')",
        "DROP USER MAPPING FOR PUBLIC SERVER s",
        "CREATE USER MAPPING FOR CURRENT_USER SERVER s OPTIONS (username 'it''s')",
        "DROP SERVER s CASCADE; ALTER TABLE students DROP age",
        "DROP OPERATOR FAMILY f USING btree",
        "DROP LANGUAGE shell",
        "DROP EVENT TRIGGER watched",
        "DROP EXTENSION vector; DROP EVENT TRIGGER watched",
        "ALTER EVENT TRIGGER watched ENABLE REPLICA; COMMENT ON EVENT TRIGGER watched IS NULL",
        "ALTER FOREIGN DATA WRAPPER paper OPTIONS (DROP debug)",
    ],
)
def test_a_change_that_only_a_superuser_can_make_and_undo(students, pg18, by_hand, is_behind):
    """The migration contains nothing of the live database, so it runs as the history does."""
    students.revision("0002", FAMILY.strip(), "0001")
    students.upgrade()
    if is_behind:
        students.revision("0003", 'op.add_column("students", sa.Column("nick", sa.Text))', "0002")
    students.by_hand(by_hand)
    adoption = adopted(students, pg18)
    assert adoption.left == ()
    assert adoption.is_proved, adoption.failed


def test_other_drift_never_runs_as_a_superuser(students, pg18):
    """A drop beside another change is adopted by itself only: the change is text of live."""
    students.revision("0002", FAMILY.strip(), "0001")
    students.upgrade()
    students.by_hand("DROP LANGUAGE shell; CREATE FUNCTION more() RETURNS int RETURN 1")
    adoption = adopted(students, pg18)
    assert [each.finding.address.name for each in adoption.left] == ["shell"]
    assert adoption.left[0].reason.endswith("can be adopted: --only shell.")
    assert [finding.address.name for finding in adoption.adopted] == ["more"]
    alone = adopted(students, pg18, only=("shell",))
    assert alone.is_proved, alone.failed
    assert "more" not in alone.text


def test_other_drift_that_cannot_be_made_is_left_out_of_the_copy(students, pg18):
    """Nothing can disable the triggers of a foreign key in a copy."""
    lines = (
        'op.execute("CREATE TABLE clubs (id integer PRIMARY KEY);'
        'CREATE TABLE members (club integer REFERENCES clubs)")'
    )
    students.revision("0002", FAMILY.strip() + "\n" + lines, "0001")
    students.upgrade()
    students.by_hand(
        "ALTER TABLE members DISABLE TRIGGER ALL; DROP EVENT TRIGGER watched;"
        "CREATE EVENT TRIGGER more ON sql_drop EXECUTE FUNCTION public.watch();"
        "ALTER TABLE students DROP age, ADD nick text"
    )
    named = adopted(students, pg18, only=("more",))
    assert [finding.address.name for finding in named.adopted] == ["more"]
    assert named.is_proved, named.failed
    adoption = adopted(students, pg18)
    assert {each.finding.address.name for each in adoption.left} == {
        "more",
        "watched",
        "members_club_fkey",
    }
    assert adoption.is_proved, adoption.failed


@pytest.mark.parametrize(
    "by_hand",
    [
        "ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (integer, bigint)",
        "CREATE PUBLICATION every FOR ALL TABLES",
    ],
)
def test_text_of_live_never_runs_as_a_superuser(students, pg18, by_hand):
    students.revision("0002", FAMILY.strip(), "0001")
    students.upgrade()
    students.by_hand(by_hand)
    adoption = adopted(students, pg18)
    assert len(adoption.left) == 1
    assert adoption.text == ""


def test_text_of_an_edited_cache_never_runs_as_a_superuser(students, pg18, monkeypatch):
    """The text of live is in the cached schema too, so the first comparison accepts it."""
    monkeypatch.setattr("driftcheck.actions.adopt.possible_targets.runs_no_text", lambda *_: True)
    students.revision("0002", FAMILY.strip(), "0001")
    students.upgrade()
    students.by_hand("ALTER OPERATOR FAMILY f USING btree ADD OPERATOR 1 < (integer, bigint)")
    adoption = adopted(students, pg18)
    assert len(adoption.left) == 1
    assert adoption.text == ""


@pytest.mark.parametrize(
    "by_hand",
    [
        "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'students_pkey'::regclass",
        "UPDATE pg_index SET indisready = false WHERE indexrelid = 'by_age'::regclass",
    ],
)
def test_an_index_that_is_not_valid_is_to_be_repaired(students, pg18, by_hand):
    students.revision("0002", 'op.create_index("by_age", "students", ["age"])', "0001")
    students.upgrade()
    students.by_hand(by_hand)
    adoption = adopted(students, pg18)
    (left,) = adoption.left
    assert "nothing to adopt: repair it" in left.reason
    assert adoption.text == ""


def test_a_downgrade_that_only_a_superuser_can_run_is_not_proved(students, pg18):
    students.revision("0002", 'op.execute("CREATE OPERATOR FAMILY f USING btree")', "0001")
    students.upgrade()
    students.by_hand("DROP OPERATOR FAMILY f USING btree; ALTER TABLE students DROP age, ADD a int")
    adoption = adopted(students, pg18)
    assert not adoption.is_proved
    assert {attempt.succeeded for attempt in adoption.failed} == {None}
    assert "must be superuser" in adoption.failed[0].details
    assert "DROP OPERATOR FAMILY IF EXISTS" in adoption.text


INHERITING = """
op.execute("CREATE TABLE people (id integer); CREATE TABLE orphans (id integer)")
op.execute("CREATE TABLE pupils (id integer) INHERITS (people)")
op.execute("CREATE TABLE quotas (id integer PRIMARY KEY) PARTITION BY RANGE (id)")
op.execute("CREATE TABLE quotas_1 PARTITION OF quotas FOR VALUES FROM (0) TO (1000000)")
op.execute("CREATE TABLE plans (quota integer REFERENCES quotas) PARTITION BY RANGE (quota)")
op.execute("CREATE TABLE plans_1 PARTITION OF plans FOR VALUES FROM (0) TO (1000000)")
op.execute("CREATE TABLE notes (quota integer REFERENCES quotas)")
op.execute("CREATE MATERIALIZED VIEW ids AS SELECT id FROM people")
"""


@pytest.mark.parametrize(
    "by_hand",
    [
        "ALTER TABLE orphans INHERIT people",
        "ALTER TABLE pupils NO INHERIT people",
        "ALTER TABLE plans DETACH PARTITION plans_1",
        "DROP TABLE plans",
        "DROP MATERIALIZED VIEW ids; CREATE VIEW ids AS SELECT id FROM people",
    ],
)
def test_tables_that_have_rows_of_others_and_views_of_another_kind(students, pg18, by_hand):
    students.revision("0002", INHERITING.strip(), "0001")
    students.upgrade()
    students.by_hand(by_hand)
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed


def test_a_table_that_refers_to_a_partitioned_table(students, pg18):
    """The server has a foreign key to each partition too, which belongs to no table."""
    students.revision("0002", INHERITING.strip(), "0001")
    students.upgrade()
    students.by_hand("DROP TABLE notes")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed
    assert "op.create_table('notes'" in body(adoption.text, "downgrade")


SECURED = """
op.execute("ALTER TABLE students ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY")
op.execute("CREATE POLICY everyone ON students USING (true)")
"""


def test_rows_that_a_policy_hides_are_kept(students, pg18):
    students.revision("0002", SECURED.strip(), "0001")
    students.upgrade()
    students.by_hand("DROP POLICY everyone ON students")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed


def test_a_serial_column_is_added_with_its_sequence(students, pg18):
    students.by_hand("ALTER TABLE students ADD number serial")
    adoption = adopted(students, pg18)
    assert adoption.is_proved, adoption.failed


@pytest.mark.filterwarnings("ignore:Unnamed CHECK constraint")
def test_sql_where_batch_mode_would_lose_a_check_looks_first(sketch):
    project = sketch(None)
    columns = (
        'Column("id", Integer, primary_key=True), Column("status", Text), Column("name", Text)'
    )
    project.models(f"""
options = {{"render_as_batch": True}}
Table("runs", metadata, {columns}, CheckConstraint("status IN ('A', 'B')"))
""")
    columns = columns.replace("Column(", "sa.Column(").replace(", Text", ", sa.Text()")
    columns = columns.replace("Integer", "sa.Integer()")
    check = "sa.CheckConstraint(\"status IN ('A', 'B')\")"
    project.revision("0001", f'op.create_table("runs", {columns}, {check})')
    (project.root / "migrations" / "script.py.mako").write_text(TEMPLATE.read_text())
    project.upgrade()
    project.by_hand("ALTER TABLE runs DROP name")
    adoption = adopted(project, None)
    assert adoption.is_proved, adoption.failed
    assert body(adoption.text).endswith("""
    if 'name' in columns('runs'):
        op.execute('ALTER TABLE runs DROP COLUMN name')""")
