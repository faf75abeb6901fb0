"""SQLite's catalog, on real files: what it reads, what it does not mind, what it writes."""

import sqlite3
from contextlib import closing

import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.plan import build
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.sqlite.catalog.tokens import _KEYWORDS, canonical, quote, tokens_of
from driftcheck.errors import CatalogError
from driftcheck.judging.comparison import ChangeType, compare
from driftcheck.pipeline.repairs.change_plan import redo, undo

CATALOG = catalog_for("sqlite")

SCHOOL = (
    "CREATE TABLE schools (id INTEGER PRIMARY KEY, name TEXT COLLATE NOCASE UNIQUE)",
    """CREATE TABLE students (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        first_name VARCHAR(50) NOT NULL,
        last_name VARCHAR(50) DEFAULT 'unknown',
        age INTEGER CHECK (age >= 0),
        joined TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
        score DECIMAL(10, 2) NOT NULL DEFAULT (1 + 2),
        upper_name TEXT GENERATED ALWAYS AS (upper(first_name)) VIRTUAL,
        school_id INTEGER,
        CONSTRAINT uq_students_name UNIQUE (first_name, last_name),
        CONSTRAINT fk_students_school FOREIGN KEY (school_id) REFERENCES schools (id)
            ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT ck_students_age CHECK (age < 150 AND first_name <> 'a,)b')
    )""",
    "CREATE TABLE marks (subject TEXT, mark ANY, PRIMARY KEY (subject, mark DESC)) WITHOUT ROWID",
    "CREATE TABLE log (text TEXT)",
    "CREATE INDEX ix_students_age ON students (age DESC, first_name COLLATE NOCASE)",
    "CREATE UNIQUE INDEX ix_students_lower ON students (lower(last_name)) WHERE age > 6",
    "CREATE VIEW adults (name) AS SELECT first_name AS N FROM students WHERE age >= 18",
    """CREATE TRIGGER students_log AFTER INSERT ON students WHEN new.age > 1
        BEGIN INSERT INTO log VALUES ('a;'); DELETE FROM log WHERE text = 'b'; END""",
    "CREATE TRIGGER adults_insert INSTEAD OF INSERT ON adults BEGIN SELECT 1; END",
    "CREATE VIRTUAL TABLE papers USING fts5(body, tokenize = 'porter')",
)


@pytest.fixture
def database(tmp_path):
    """Make databases, each in a file of its own."""
    opened = []

    def make(*statements):
        connection = sqlite3.connect(tmp_path / f"{len(opened)}.sqlite", isolation_level=None)
        opened.append(connection)
        for statement in statements:
            connection.execute(statement)
        return connection

    yield make
    for connection in opened:
        connection.close()


def read(connection, **scope):
    return CATALOG.read(connection, Scope(**scope))


def changes(wanted, actual):
    return [
        (change.type.value, str(change.address), *(d.attribute for d in change.differences))
        for change in compare(wanted, actual, same_lineage=True)
    ]


def said(snapshot):
    return {str(address): obj.attributes for address, obj in snapshot.objects.items()}


def test_everything_is_read_and_nothing_that_sqlite_made_by_itself(database):
    snapshot = read(database(*SCHOOL))

    assert [a.sql for a in snapshot.objects if a.kind == "table"] == [
        *("schools", "students", "marks", "log", "papers")
    ]
    assert [str(a) for a in snapshot.objects if a.kind not in ("table", "column")] == [
        'primary key schools."(id)"',
        'primary key students."(id)"',
        'primary key marks."(subject, mark)"',
        'unique constraint schools."(name)"',
        "unique constraint students.uq_students_name",
        "foreign key students.fk_students_school",
        'check constraint students."(age >= 0)"',
        "check constraint students.ck_students_age",
        "index ix_students_age",
        "index ix_students_lower",
        "view adults",
        "trigger students_log",
        "trigger adults_insert",
    ]
    assert snapshot.dialect == "sqlite"
    assert snapshot.default_schema == ""
    assert snapshot.server_version == sqlite3.sqlite_version


def test_what_is_read_of_each(database):
    facts = said(read(database(*SCHOOL)))

    assert facts["column students.score"] == {
        "type": "DECIMAL(10, 2)",
        "nullable": False,
        "default": "1 + 2",
        "generated": None,
        "collation": None,
        "on_conflict": None,
    }
    assert facts["column students.upper_name"]["generated"] == "upper(first_name) VIRTUAL"
    assert facts["column schools.name"]["collation"] == "NOCASE"
    assert facts['primary key students."(id)"'] == {"definition": "PRIMARY KEY (id AUTOINCREMENT)"}
    assert facts["foreign key students.fk_students_school"] == {
        "definition": "FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE CASCADE "
        "DEFERRABLE INITIALLY DEFERRED"
    }
    assert facts["index ix_students_lower"] == {
        "unique": True,
        "definition": "(lower(last_name)) WHERE age > 6",
    }
    assert facts["table marks"] == {"options": ("WITHOUT ROWID",), "using": None}
    assert facts["table papers"]["using"] == "fts5(body, tokenize = 'porter')"


def test_parts_belong_to_their_tables(database):
    snapshot = read(database(*SCHOOL))
    tables = {a.name: {p.address.kind for p in parts} for a, parts in snapshot.parts.items()}

    assert tables["students"] == {
        *("column", "primary key", "unique constraint", "foreign key", "check constraint"),
        *("index", "trigger"),
    }
    assert tables["adults"] == {"trigger"}
    assert snapshot.parts.keys() <= snapshot.objects.keys()


def test_a_version_table_is_left_out(database):
    connection = database("CREATE TABLE alembic_version (version_num TEXT PRIMARY KEY)", *SCHOOL)

    snapshot = read(connection, version_tables=frozenset({("", "alembic_version")}))

    assert snapshot.objects == read(database(*SCHOOL)).objects


def test_reading_leaves_the_transaction_as_it_is(database):
    connection = database(*SCHOOL)
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE pupils (id INTEGER)")

    assert "table pupils" in said(read(connection))

    assert connection.in_transaction
    connection.execute("ROLLBACK")
    assert "table pupils" not in said(read(connection))


def test_what_is_no_database_is_told(tmp_path):
    file = tmp_path / "text.sqlite"
    file.write_text("this is not a database, whatever its name says" * 100)

    with (
        closing(sqlite3.connect(file)) as connection,
        pytest.raises(CatalogError, match="cannot be read") as raised,
    ):
        read(connection)

    assert "not a database" in raised.value.details


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["ALTER TABLE log RENAME COLUMN text TO words"], ("missing", "column log.text")),
        (["ALTER TABLE students DROP COLUMN joined"], ("missing", "column students.joined")),
        (["ALTER TABLE log ADD COLUMN at TEXT"], ("extra", "column log.at")),
        (["ALTER TABLE log RENAME TO journal"], ("renamed", "table log")),
        (["DROP TABLE marks"], ("missing", "table marks")),
        (["CREATE TABLE more (id INT)"], ("extra", "table more")),
        (["CREATE VIRTUAL TABLE more USING fts5(x)"], ("extra", "table more")),
        (["DROP INDEX ix_students_age"], ("missing", "index ix_students_age")),
        (["CREATE INDEX ix_more ON log (text)"], ("extra", "index ix_more")),
        (
            [
                "DROP INDEX ix_students_lower",
                "CREATE UNIQUE INDEX ix_students_lower ON students (lower(last_name))",
            ],
            ("changed", "index ix_students_lower", "definition"),
        ),
        (
            [
                "DROP INDEX ix_students_lower",
                "CREATE INDEX ix_students_lower ON students (lower(last_name)) WHERE age > 6",
            ],
            ("changed", "index ix_students_lower", "unique"),
        ),
        (
            [
                "DROP INDEX ix_students_lower",
                "CREATE UNIQUE INDEX ix_other ON students (lower(last_name)) WHERE age > 6",
            ],
            ("renamed", "index ix_students_lower"),
        ),
        (["DROP TRIGGER students_log"], ("missing", "trigger students_log")),
        (
            [
                "DROP TRIGGER students_log",
                """CREATE TRIGGER students_log AFTER INSERT ON students WHEN new.age > 2
                BEGIN INSERT INTO log VALUES ('a;'); DELETE FROM log WHERE text = 'b'; END""",
            ],
            ("changed", "trigger students_log", "definition"),
        ),
        (["DROP VIEW adults"], ("missing", "view adults")),
        (
            [
                "DROP TRIGGER adults_insert",
                "DROP VIEW adults",
                "CREATE VIEW adults (name) AS SELECT first_name AS N FROM students WHERE age > 17",
                "CREATE TRIGGER adults_insert INSTEAD OF INSERT ON adults BEGIN SELECT 1; END",
            ],
            ("changed", "view adults", "definition"),
        ),
    ],
    ids=lambda value: None if isinstance(value, list) else " ".join(value),
)
def test_a_change_by_hand_is_found(database, statements, expected):
    wanted, changed = database(*SCHOOL), database(*SCHOOL)
    for statement in statements:
        changed.execute(statement)

    assert expected in changes(read(wanted), read(changed))


STUDENTS = SCHOOL[1]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("VARCHAR(50) NOT", "VARCHAR(60) NOT", ("changed", "column students.first_name", "type")),
        (" NOT NULL,", ",", ("changed", "column students.first_name", "nullable")),
        (
            "NOT NULL,",
            "NOT NULL ON CONFLICT IGNORE,",
            ("changed", "column students.first_name", "on_conflict"),
        ),
        ("'unknown'", "'UNKNOWN'", ("changed", "column students.last_name", "default")),
        ("1 + 2", "1 - 2", ("changed", "column students.score", "default")),
        (
            "'unknown'",
            "'unknown' COLLATE RTRIM",
            ("changed", "column students.last_name", "collation"),
        ),
        ("upper(", "lower(", ("changed", "column students.upper_name", "generated")),
        (" AUTOINCREMENT", "", ("changed", 'primary key students."(id)"', "definition")),
        (
            "INTEGER PRIMARY",
            "INT PRIMARY",
            ("changed", "column students.id", "nullable", "type"),
        ),
        ("age >= 0", "age > 0", ("missing", 'check constraint students."(age >= 0)"')),
        (
            "'a,)b'",
            "'a,)B'",
            ("changed", "check constraint students.ck_students_age", "definition"),
        ),
        (
            "(first_name, last_name)",
            "(last_name, first_name)",
            ("changed", "unique constraint students.uq_students_name", "definition"),
        ),
        ("uq_students_name", "uq_more", ("renamed", "unique constraint students.uq_students_name")),
        (
            "ON DELETE CASCADE",
            "ON UPDATE CASCADE",
            ("changed", "foreign key students.fk_students_school", "definition"),
        ),
        (
            "DEFERRABLE INITIALLY DEFERRED",
            "",
            ("changed", "foreign key students.fk_students_school", "definition"),
        ),
        (
            "150 AND",
            "150 OR",
            ("changed", "check constraint students.ck_students_age", "definition"),
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else None,
)
def test_a_table_made_otherwise_is_found(database, old, new, expected):
    assert old in STUDENTS
    if new == "INT PRIMARY":
        changed = STUDENTS.replace(" AUTOINCREMENT", "").replace(old, new)
    else:
        changed = STUDENTS.replace(old, new, 1)

    found = changes(read(database(STUDENTS)), read(database(changed)))

    assert expected in found
    assert len(found) <= 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CREATE TABLE t (a INT, b TEXT)", "create  table t(\n a int, -- or so\n b Text )"),
        ("CREATE TABLE t (a INT)", 'CREATE TABLE IF NOT EXISTS "t" ([a] INT)'),
        ("CREATE TABLE t (a VARCHAR(5))", "CREATE TABLE t (`a` varchar ( 5 ) NULL)"),
        ("CREATE TABLE t (a INT PRIMARY KEY)", "CREATE TABLE t (a INT, PRIMARY KEY ('A' ASC))"),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY AUTOINCREMENT)",
            "CREATE TABLE t (a INTEGER NOT NULL, PRIMARY KEY (a AUTOINCREMENT))",
        ),
        ("CREATE TABLE t (a INT UNIQUE)", 'CREATE TABLE t (a INT, UNIQUE ("a"))'),
        (
            "CREATE TABLE t (a INT CONSTRAINT c CHECK (a > 0))",
            'CREATE TABLE t (a INT, constraint "c" check("A">0))',
        ),
        (
            "CREATE TABLE t (a INT CHECK (length(a) IN ('x', 'Y')), b INT CHECK (b = -1))",
            "CREATE TABLE t (a INT, b INT, CHECK (LENGTH (a) in('x','Y')) CHECK (b=- 1))",
        ),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY, b INT REFERENCES t ON DELETE CASCADE)",
            """CREATE TABLE t (a INTEGER, b INT, PRIMARY KEY (a), FOREIGN KEY (b) REFERENCES T (A)
            ON UPDATE NO ACTION ON DELETE cascade NOT DEFERRABLE)""",
        ),
        (
            "CREATE TABLE t (a DEFAULT (5), b DEFAULT (1+2))",
            "CREATE TABLE t(a DEFAULT 5,b DEFAULT(1 + 2))",
        ),
        ("CREATE TABLE t (a TEXT COLLATE BINARY)", "CREATE TABLE t (a TEXT)"),
        (
            "CREATE TABLE t (a INT, b AS (a * 2))",
            "CREATE TABLE t (a INT, b GENERATED ALWAYS AS (A*2) VIRTUAL)",
        ),
        (
            "CREATE TABLE t (a INT PRIMARY KEY) WITHOUT ROWID, STRICT",
            "CREATE TABLE t (a INT PRIMARY KEY) strict,\nwithout rowid",
        ),
    ],
)
def test_how_a_table_is_typed_does_not_count(database, one, other):
    assert said(read(database(one))) == said(read(database(other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CREATE INDEX i ON log (text)", 'create index if not exists "i" on log("text" asc)'),
        (
            "CREATE INDEX i ON log (lower(text)) WHERE text IS NOT NULL",
            "create index i on [log] (LOWER( Text ))\nwhere text is not null -- mostly",
        ),
        (
            "CREATE VIEW v AS SELECT text, 'A  b' AS Key FROM log WHERE text IN ('x')",
            "create view v as\n  select text,'A  b' as Key\n from log /* ! */ where text in('x')",
        ),
        (
            "CREATE TRIGGER r AFTER INSERT ON log BEGIN SELECT 1; END",
            "create trigger r after insert on log\nbegin\n  select 1 ;\nend",
        ),
    ],
)
def test_how_the_rest_is_typed_does_not_count(database, one, other):
    table = "CREATE TABLE log (text TEXT)"

    assert said(read(database(table, one))) == said(read(database(table, other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a 'B'", "a 'b'"),
        ('"x"', "x"),
        ("a - 1", "a 1"),
        ("a.b", "a b"),
        ("x'00'", "x '00'"),
        ("1.5", "1 .5"),
        ("'it''s'", "'it' 's'"),
    ],
)
def test_what_counts_stays(one, other):
    assert canonical(tokens_of(one)) != canonical(tokens_of(other))


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("select a as Key,b . Order", "SELECT a AS Key, b.Order"),
        ("x collate nocase", "x COLLATE NOCASE"),
        ("a in(- 1,+2) and a-1=-b", "a IN (-1, +2) AND a - 1 = -b"),
        ("SUM( [a b] )", 'sum("a b")'),
    ],
)
def test_how_sql_is_written(typed, written):
    assert canonical(tokens_of(typed)) == written


def test_a_schema_is_made_again_from_what_was_read(database):
    snapshot = read(database(*SCHOOL))

    plan = build(snapshot, CATALOG)

    assert plan.manual_steps == ()
    assert 'CONSTRAINT "(' not in plan.script  # what has no name gets none
    assert read(database(*plan.statements)).objects == snapshot.objects


def test_the_schema_statements_make_a_copy(database):
    original = database(*SCHOOL)
    original.execute("INSERT INTO students (first_name, age) VALUES ('Ann', 7)")

    statements = CATALOG.schema_statements(original)

    assert STUDENTS in statements
    copy = database(*statements)
    assert read(copy).objects == read(original).objects
    assert CATALOG.schema_statements(copy) == statements


HOSTILE = (
    'a"b',
    "a'b",
    "a b",
    "[x]",
    "`",
    "(a)",
    "a,b",
    "--",
    "/*",
    "select",
    "ORDER",
    "é",
    "A",
    "x;",
)


def test_hostile_names(database):
    name = 'the "table"; --'.replace('"', '""')
    quoted = ['"' + column.replace('"', '""') + '"' for column in HOSTILE]
    columns = ", ".join(f"{column} TEXT" for column in quoted)
    connection = database(
        f'CREATE TABLE "{name}" ({columns}, '
        f"CONSTRAINT {quoted[0]} CHECK ({' || '.join(quoted)} > ''), UNIQUE ({', '.join(quoted)}))",
        *(f'CREATE INDEX {column} ON "{name}" ({column}, lower({column}))' for column in quoted),
    )
    snapshot = read(connection)

    assert [a.name for a in snapshot.objects if a.kind == "column"] == list(HOSTILE)
    assert [a.name for a in snapshot.objects if a.kind == "index"] == list(HOSTILE)
    again = database(*build(snapshot, CATALOG).statements)
    assert read(again).objects == snapshot.objects


def test_only_the_capitals_of_ascii_do_not_count(database):
    snapshot = read(database("CREATE TABLE t (É INT, é INT, B INT, CHECK (É > é AND b > 0))"))

    assert said(snapshot)['check constraint t."(É > é AND B > 0)"']


def test_a_trigger_belongs_to_its_table_however_that_was_typed(database):
    trigger = "CREATE TRIGGER r AFTER INSERT ON LOG BEGIN SELECT 1; END"
    snapshot = read(database("CREATE TABLE log (text TEXT)", trigger))

    (address,) = (a for a in snapshot.objects if a.kind == "trigger")
    assert snapshot.objects[address].part_of in snapshot.objects


def test_every_keyword_can_be_a_column(database):
    words = sorted(_KEYWORDS)
    snapshot = read(
        database(
            f"CREATE TABLE t ({', '.join(map(quote, words))})",
            *(f"CREATE INDEX i_{word} ON t ({quote(word)})" for word in words),
        )
    )
    again = database(*build(snapshot, CATALOG).statements)

    assert [a.name for a in snapshot.objects if a.kind == "column"] == words
    assert read(again).objects == snapshot.objects


def test_two_constraints_of_one_name_are_two(database):
    table = "CREATE TABLE t (a INT, CONSTRAINT c CHECK (a > 0), CONSTRAINT c CHECK (a {} 9))"

    found = changes(read(database(table.format("<"))), read(database(table.format("<="))))

    assert sorted(found) == [
        ("extra", 'check constraint t."(a <= 9)"'),
        ("missing", 'check constraint t."(a < 9)"'),
    ]


def test_a_column_added_later_stands_before_the_constraints(database):
    connection = database(
        "CREATE TABLE t (a INT, CHECK (a > 0))", "ALTER TABLE t ADD COLUMN b INT CHECK (b > 1)"
    )

    assert list(said(read(connection))) == [
        "table t",
        "column t.a",
        "column t.b",
        'check constraint t."(b > 1)"',
        'check constraint t."(a > 0)"',
    ]


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE log ADD COLUMN at TEXT DEFAULT 'x' NOT NULL"],
        ["ALTER TABLE log RENAME TO journal"],
        ["ALTER TABLE students DROP COLUMN joined"],
        ["DROP TRIGGER adults_insert", "DROP VIEW adults"],
        ["DROP INDEX ix_students_age", "CREATE INDEX ix_students_age ON students (age)"],
        ["DROP INDEX ix_students_age", "CREATE INDEX ix_more ON log (text)"],
        ["DROP TABLE marks"],
        ["DROP TABLE papers"],
        ["CREATE TABLE more (a INTEGER PRIMARY KEY, b UNIQUE REFERENCES more CHECK (b > 0))"],
        ["DROP TRIGGER students_log"],
    ],
    ids="; ".join,
)
def test_a_change_can_be_made_again_elsewhere(database, statements):
    stamped, live, other = database(*SCHOOL), database(*SCHOOL), database(*SCHOOL)
    for statement in statements:
        live.execute(statement)
    found = compare(read(stamped), read(live), same_lineage=True)
    assert found

    plan = redo(found, CATALOG)

    assert plan.manual_steps == ()
    for statement in plan.statements:
        other.execute(statement)
    assert read(other).objects == read(live).objects


def test_a_change_can_be_undone(database):
    stamped, live = database(*SCHOOL), database(*SCHOOL)
    for statement in (
        "ALTER TABLE log ADD COLUMN at TEXT",
        "DROP INDEX ix_students_age",
        "DROP TRIGGER students_log",
        "CREATE VIEW more AS SELECT 1",
        "DROP TABLE marks",
    ):
        live.execute(statement)

    plan = undo(compare(read(stamped), read(live), same_lineage=True), CATALOG)

    assert plan.manual_steps == ()
    assert plan.loses_data
    for statement in plan.statements:
        live.execute(statement)
    assert read(live).objects == read(stamped).objects


def test_renames_are_written(database):
    wanted = read(database("CREATE TABLE t (a INT)", "CREATE INDEX i ON t (a)"))
    live = database("CREATE TABLE t (b INT)", "CREATE INDEX j ON t (b)")
    (column,) = (t for a, t in read(live).objects.items() if a.kind == "column")
    (target,) = (t for a, t in wanted.objects.items() if a.kind == "column")

    for statement in CATALOG.kind("column").rename(column, target):
        live.execute(statement)
    found = compare(wanted, read(live), same_lineage=True)
    assert [change.type for change in found] == [ChangeType.RENAMED]
    for statement in undo(found, CATALOG).statements:
        live.execute(statement)

    assert read(live).objects == wanted.objects


@pytest.mark.parametrize(
    "kind", ["primary key", "unique constraint", "foreign key", "check constraint"]
)
def test_a_constraint_of_a_table_that_is_there_is_left_to_batch_mode(database, kind):
    obj = next(t for a, t in read(database(STUDENTS)).objects.items() if a.kind == kind)
    writer = CATALOG.kind(kind)

    for write in (
        lambda: writer.create(obj),
        lambda: writer.drop(obj),
        lambda: writer.alter(obj, obj),
        lambda: writer.rename(obj, obj),
    ):
        with pytest.raises(CannotBeWritten, match=r"op\.batch_alter_table\('students'\)"):
            write()


@pytest.mark.parametrize(
    "column",
    [
        "x TEXT NOT NULL",
        "x TEXT DEFAULT CURRENT_TIMESTAMP",
        "x TEXT DEFAULT (random())",
        "x TEXT GENERATED ALWAYS AS (a + 1) STORED",
    ],
)
def test_a_column_that_sqlite_cannot_add_to_rows_is_left_to_batch_mode(database, column):
    connection = database("CREATE TABLE t (a INT)", "INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.Error):
        connection.execute(f"ALTER TABLE t ADD COLUMN {column}")
    things = read(database(f"CREATE TABLE t (a INT, {column})")).objects
    obj = next(t for a, t in things.items() if a.name == "x")

    with pytest.raises(CannotBeWritten, match=r"cannot add column t\.x"):
        CATALOG.kind("column").create(obj)


# As Alembic and SQLAlchemy do it


METADATA = sa.MetaData(
    naming_convention={
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(column_0_label)s",
        "pk": "pk_%(table_name)s",
    }
)
sa.Table("teams", METADATA, sa.Column("id", sa.Integer, primary_key=True))
sa.Table(
    "people",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, index=True),
    sa.Column("size", sa.Enum("s", "m", name="size")),
    sa.Column("since", sa.DateTime, server_default=sa.func.now()),
    sa.Column("team_id", sa.ForeignKey("teams.id", ondelete="CASCADE")),
    sa.UniqueConstraint("name", "size"),
)


def _engine(path):
    return sa.create_engine(f"sqlite:///{path}")


def _made_by(path, work):
    engine = _engine(path)
    with engine.begin() as connection:
        work(connection)
    engine.dispose()
    with closing(sqlite3.connect(path)) as connection:
        return read(connection)


def _history(connection):
    op = Operations(MigrationContext.configure(connection))
    op.create_table("teams", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table(
        "people",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(40)),
        sa.Column("gone", sa.Integer),
    )
    with op.batch_alter_table("people", naming_convention=METADATA.naming_convention) as batch:
        batch.alter_column("name", type_=sa.String(80), nullable=False)
        batch.drop_column("gone")
        batch.add_column(sa.Column("size", sa.Enum("s", "m", name="size")))
        batch.add_column(sa.Column("since", sa.DateTime, server_default=sa.func.now()))
        batch.add_column(sa.Column("team_id", sa.Integer))
        batch.create_index("ix_people_name", ["name"])
        batch.create_unique_constraint("uq", ["name", "size"])
        batch.create_foreign_key("fk", "teams", ["team_id"], ["id"], ondelete="CASCADE")


def test_the_same_history_in_batch_mode_reads_the_same(tmp_path):
    one, other = (_made_by(tmp_path / name, _history) for name in ("a.sqlite", "b.sqlite"))

    assert len(one.objects) > 10
    assert one.objects == other.objects


def test_a_history_in_batch_mode_and_its_models_differ_in_names_only(tmp_path):
    head = _made_by(tmp_path / "head.sqlite", _history)
    models = _made_by(tmp_path / "models.sqlite", METADATA.create_all)

    found = compare(models, head, same_lineage=False)

    assert {change.type for change in found} <= {ChangeType.RENAMED}
    assert not any(change.differences for change in found)


def test_a_table_rebuilt_with_the_same_definition_reads_the_same(tmp_path):
    models = _made_by(tmp_path / "models.sqlite", METADATA.create_all)

    def rebuild(connection):
        op = Operations(MigrationContext.configure(connection))
        with op.batch_alter_table("people", recreate="always"):
            pass

    rebuilt = _made_by(tmp_path / "models.sqlite", rebuild)

    assert rebuilt.objects == models.objects
