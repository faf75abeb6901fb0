"""The catalog of MySQL and MariaDB, on a real server: what it reads, and what it writes.

tests/mariadb.py says which server it is.
"""

import pytest

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.mysql.catalog.kind import (
    in_dependency_order,
    in_one_line,
    without_database,
)
from driftcheck.databases.plan import build
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CatalogError
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import redo, undo
from tests.mariadb import execute, run

CATALOG = catalog_for("mysql")

SCHOOL = (
    """CREATE TABLE schools (
        id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY,
        name VARCHAR(50) NOT NULL COLLATE utf8mb4_bin DEFAULT 'it''s \\\\' COMMENT 'what''s on it',
        kind ENUM('a,b', 'c''d') DEFAULT 'a,b',
        twice INT GENERATED ALWAYS AS (pupils * 2) STORED,
        pupils INT DEFAULT (1 + 2),
        flags BIT(3) DEFAULT b'101',
        price DECIMAL(10, 2) DEFAULT 1.5,
        at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
        till DATETIME(6) NULL,
        words TEXT,
        data JSON,
        UNIQUE KEY uq_schools (name(10), pupils DESC),
        KEY ix_pupils (pupils) COMMENT 'how many',
        FULLTEXT KEY ft (words),
        CONSTRAINT ck_pupils CHECK (pupils >= 0 AND name <> 'a  b')
    ) ENGINE=InnoDB ROW_FORMAT=DYNAMIC COMMENT='schools; ''all'''""",
    """CREATE TABLE students (
        id INT PRIMARY KEY,
        name VARCHAR(20),
        school_id INT UNSIGNED,
        CONSTRAINT fk_school FOREIGN KEY (school_id) REFERENCES schools (id) ON DELETE CASCADE
    ) DEFAULT CHARSET=latin1""",
    """CREATE TABLE log (text VARCHAR(9), n INT) PARTITION BY RANGE (n)
        (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE)""",
    "CREATE VIEW z_base AS SELECT id, name AS N FROM students WHERE id > 1",
    "CREATE VIEW a_derived AS SELECT N FROM z_base WHERE N <> 'x' WITH CHECK OPTION",
    """CREATE TRIGGER students_log AFTER INSERT ON students FOR EACH ROW
        BEGIN INSERT INTO log VALUES ('a;  b', 1); END""",
)


@pytest.fixture
def database(mariadb_database):
    """Make databases that last for a test, and give a connection to each."""

    def make(*statements):
        return mariadb_database(*statements).connection

    return make


def read(connection, **scope):
    return CATALOG.read(connection, Scope(**scope))


def changes(wanted, actual):
    return [
        (change.type.value, str(change.address), *(d.attribute for d in change.differences))
        for change in compare(wanted, actual, same_lineage=True)
    ]


def said(snapshot):
    return {str(address): obj.attributes for address, obj in snapshot.objects.items()}


def test_everything_is_read(database):
    snapshot = read(database(*SCHOOL))

    assert [str(a) for a in snapshot.objects if a.kind != "column"] == [
        "database defaults",
        "table log",
        "table schools",
        "table students",
        'primary key schools."PRIMARY"',
        'primary key students."PRIMARY"',
        "unique constraint schools.uq_schools",
        "index schools.ft",
        "index schools.ix_pupils",
        "index students.fk_school",
        "check constraint schools.ck_pupils",
        "foreign key students.fk_school",
        "view z_base",
        "view a_derived",
        "trigger students_log",
    ]
    assert (snapshot.dialect, snapshot.default_schema) == ("mysql", "")


def test_what_is_read_of_each(database):
    facts = said(read(database(*SCHOOL)))

    assert facts["column schools.name"] == {
        "type": "varchar(50)",
        "collation": "utf8mb4_bin",
        "nullable": False,
        "default": facts["column schools.name"]["default"],  # MySQL and MariaDB quote otherwise
        "on_update": None,
        "auto_increment": False,
        "generated": None,
        "invisible": False,
        "unversioned": False,
        "reference_system": None,
        "check": None,
        "comment": "what's on it",
    }
    assert facts["column schools.id"]["auto_increment"]
    assert facts["column schools.twice"]["generated"].endswith(" STORED")
    assert facts["column schools.at"]["on_update"].lower().startswith("current_timestamp")
    assert facts["column schools.till"]["default"] is None
    assert (
        facts["unique constraint schools.uq_schools"]["definition"] == "(`name`(10), `pupils` DESC)"
    )
    assert facts["index schools.ft"]["method"] == "FULLTEXT"
    assert facts["foreign key students.fk_school"]["definition"] == (
        "FOREIGN KEY (`school_id`) REFERENCES `schools` (`id`) ON DELETE CASCADE"
    )
    assert "driftcheck_test" not in facts["view z_base"]["definition"]
    assert "PARTITION `p1`" in facts["table log"]["partitioning"]


def test_the_same_statements_read_the_same_in_two_databases(database):
    one, other = read(database(*SCHOOL)), read(database(*SCHOOL))

    assert one.objects == other.objects


def test_a_version_table_is_left_out_and_what_is_not_read_is_counted(database):
    connection = database(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) PRIMARY KEY)",
        "SET sql_mode = 'ORACLE'",
        "CREATE PACKAGE p AS PROCEDURE q(); END",
        "SET sql_mode = DEFAULT",
        *SCHOOL,
    )

    snapshot = read(connection, version_tables=frozenset({("", "alembic_version")}))

    assert snapshot.objects == read(database(*SCHOOL)).objects
    assert snapshot.not_compared == {("routine", ""): 1}


def test_a_connection_that_is_gone_is_told(database, mariadb):
    connection = database()
    run(mariadb, f"KILL {connection.thread_id()}")

    with pytest.raises(CatalogError):
        read(connection)


DRIFTS = [
    ("ALTER TABLE students DROP COLUMN name", ("missing", "column students.name")),
    ("ALTER TABLE students ADD COLUMN x INT AFTER id", ("extra", "column students.x")),
    (
        "ALTER TABLE students MODIFY name VARCHAR(30)",
        ("changed", "column students.name", "type"),
    ),
    (
        "ALTER TABLE students MODIFY name VARCHAR(20) NOT NULL DEFAULT 'x' COMMENT 'y'",
        ("changed", "column students.name", "comment", "default", "nullable"),
    ),
    (
        "ALTER TABLE schools MODIFY at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP",
        ("changed", "column schools.at", "on_update"),
    ),
    (
        "ALTER TABLE students CONVERT TO CHARACTER SET utf8mb4",
        ("changed", "table students", "collation"),
    ),
    ("ALTER TABLE schools COMMENT 'other'", ("changed", "table schools", "comment")),
    ("ALTER TABLE students ENGINE=MyISAM", ("changed", "table students", "engine")),
    ("ALTER TABLE log REMOVE PARTITIONING", ("changed", "table log", "partitioning")),
    ("RENAME TABLE log TO journal", ("renamed", "table log")),
    ("DROP TABLE log", ("missing", "table log")),
    ("CREATE TABLE more (a INT PRIMARY KEY)", ("extra", "table more")),
    ("DROP INDEX ix_pupils ON schools", ("missing", "index schools.ix_pupils")),
    (
        "ALTER TABLE schools RENAME INDEX ix_pupils TO ix_more",
        ("renamed", "index schools.ix_pupils"),
    ),
    (
        "ALTER TABLE schools DROP INDEX ix_pupils, ADD INDEX ix_pupils (pupils, price)",
        ("changed", "index schools.ix_pupils", "comment", "definition"),
    ),
    (
        "ALTER TABLE schools DROP INDEX uq_schools",
        ("missing", "unique constraint schools.uq_schools"),
    ),
    (
        "ALTER TABLE students DROP PRIMARY KEY",
        ("missing", 'primary key students."PRIMARY"'),
    ),
    (
        "ALTER TABLE students DROP FOREIGN KEY fk_school",
        ("missing", "foreign key students.fk_school"),
    ),
    (
        "ALTER TABLE schools DROP CONSTRAINT ck_pupils, ADD CONSTRAINT ck_pupils CHECK (price > 0)",
        ("changed", "check constraint schools.ck_pupils", "definition"),
    ),
    ("DROP VIEW a_derived", ("missing", "view a_derived")),
    (
        "CREATE OR REPLACE VIEW a_derived AS SELECT N FROM z_base WHERE N <> 'X'",
        ("changed", "view a_derived", "check_option", "definition"),
    ),
    ("DROP TRIGGER students_log", ("missing", "trigger students_log")),
]


@pytest.mark.parametrize(("statement", "expected"), DRIFTS, ids=[sql for sql, _ in DRIFTS])
def test_a_change_by_hand_is_found_made_again_and_undone(database, statement, expected):
    stamped, live, other = database(*SCHOOL), database(*SCHOOL), database(*SCHOOL)
    if "MyISAM" in statement:
        execute(live, "ALTER TABLE students DROP FOREIGN KEY fk_school")
    execute(live, statement)
    wanted, actual = read(stamped), read(live)

    assert expected in changes(wanted, actual)

    found = compare(wanted, actual, same_lineage=True)
    again, back = redo(found, CATALOG), undo(found, CATALOG)
    assert again.manual_steps == back.manual_steps == ()
    execute(other, *again.statements)
    assert changes(actual, read(other)) == []
    execute(live, *back.statements)
    assert changes(wanted, read(live)) == []


def test_a_schema_is_made_again_from_what_was_read(database):
    snapshot = read(database(*SCHOOL))

    plan = build(snapshot, CATALOG)

    assert plan.manual_steps == ()
    assert read(database(*plan.statements)).objects == snapshot.objects


def test_the_schema_statements_make_a_copy(database):
    original = database(*SCHOOL)

    copy = database(*CATALOG.schema_statements(original))

    assert read(copy).objects == read(original).objects


def test_hostile_names(database):
    names = ("a`b", "a'b", 'a"b', "a b", "--", "/*", "select", "é", "x;", "a.b", "\\", "%s")
    quoted = ["`" + name.replace("`", "``") + "`" for name in names]
    connection = database(
        f"CREATE TABLE `the ``table``; #` ({', '.join(f'{q} INT DEFAULT 1' for q in quoted)}, "
        f"CONSTRAINT `c ``k'` CHECK ({' + '.join(quoted)} > 0), "
        f"{', '.join(f'UNIQUE KEY {q} ({q})' for q in quoted)})",
        f"CREATE VIEW `v ``; --` AS SELECT {', '.join(quoted)} FROM `the ``table``; #`",
    )
    snapshot = read(connection)

    assert [a.name for a in snapshot.objects if a.kind == "column"] == list(names)
    assert read(database(*build(snapshot, CATALOG).statements)).objects == snapshot.objects
    assert read(database(*CATALOG.schema_statements(connection))).objects == snapshot.objects


def test_columns_are_renamed_with_all_that_is_said_of_them(database):
    live = database(*SCHOOL)
    things = read(live).objects
    name = next(t for a, t in things.items() if a.sql == "students.name")
    target = type(name)(
        name.address._replace(path=("students", "n2")), name.attributes, name.part_of
    )
    execute(live, "DROP VIEW a_derived", "DROP VIEW z_base")

    execute(live, *CATALOG.kind("column").rename(name, target))

    assert said(read(live))["column students.n2"] == name.attributes


def test_a_column_that_counts_by_itself_is_left_to_a_person(database):
    things = read(database(*SCHOOL)).objects
    column = next(t for a, t in things.items() if a.sql == "schools.id")

    with pytest.raises(CannotBeWritten, match="AUTO_INCREMENT, ADD PRIMARY KEY"):
        CATALOG.kind("column").create(column)


def test_how_a_trigger_is_typed_does_not_count(database):
    typed = """CREATE TRIGGER students_log AFTER INSERT ON students FOR EACH ROW
        BEGIN  -- log it
          INSERT INTO log VALUES ('a;  b', 1); # so there
        END"""

    assert said(read(database(*SCHOOL[:-1], typed))) == said(read(database(*SCHOOL)))


def test_comments_and_blanks_do_not_count_and_texts_do():
    assert in_one_line("a -- b\n  /* c */ 'd  -- e' # f\n`g  h`") == "a 'd  -- e' `g  h`"
    assert in_one_line("a--b /*!50000 c */") == "a--b /*!50000 c */"


def test_only_the_own_database_goes_from_a_views_text():
    text = "select `d`.`t`.`d` AS `d`,'`d`.`t`' from `d`.`t` join `e`.`d`"

    assert without_database(text, "d") == "select `t`.`d` AS `d`,'`d`.`t`' from `t` join `e`.`d`"


def test_views_come_after_those_that_they_are_made_of():
    assert in_dependency_order({"a": "from `b`", "b": "from `c`", "c": ""}) == ["c", "b", "a"]
    assert sorted(in_dependency_order({"a": "`b`", "b": "`a`"})) == ["a", "b"]
