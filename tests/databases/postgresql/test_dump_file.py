r"""Plain SQL files as pg_dump writes them run on an empty database, without psql."""

import subprocess

import pytest

from driftcheck.databases.postgresql.dump_file import Part, parts, run_dump
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.errors import ConfigurationError

WITH_ROWS = r"""
CREATE TABLE "t;(" (id integer, note text DEFAULT E'\';', "COPY x FROM stdin" text);
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $_$
SELECT $$
\restrict is no command here;$$::text /* ; */ $_$;
CREATE FUNCTION g(a integer) RETURNS integer LANGUAGE sql
BEGIN ATOMIC
  SELECT CASE WHEN a > 1 THEN 1 ELSE 0 END;
  SELECT 2;
END;
CREATE RULE r AS ON INSERT TO "t;(" DO ALSO (NOTIFY a; NOTIFY b);
/* a comment /* that nests; */ \connect; */
INSERT INTO "t;(" (id) VALUES (1);
COMMENT ON TABLE "t;(" IS 'it''s
\. not the end of rows';
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1; SELECT 2", ["SELECT 1;", "SELECT 2"]),
        ("-- a;b\nSELECT 1;", ["-- a;b\nSELECT 1;"]),
        (
            "\\restrict a;b\nSELECT 1;\n\\unrestrict a",
            ["\\restrict a;b", "SELECT 1;", "\\unrestrict a"],
        ),
        ("SELECT '\n\\restrict';", ["SELECT '\n\\restrict';"]),
        ("SELECT $a$;$b$;$a$;", ["SELECT $a$;$b$;$a$;"]),
        ("SELECT a$b$ FROM t; SELECT 1;", ["SELECT a$b$ FROM t;", "SELECT 1;"]),
        (
            "CREATE RULE r AS ON INSERT TO t DO (A; B);",
            ["CREATE RULE r AS ON INSERT TO t DO (A; B);"],
        ),
        ("BEGIN; SELECT 1; END;", ["BEGIN;", "SELECT 1;", "END;"]),
        ("", []),
        ("-- nothing\n/* at all */", []),
    ],
)
def test_parts(text, expected):
    assert [part.statement for part in parts(text)] == expected


def test_rows_and_line_numbers():
    text = "SET a = 1;\n\nCOPY t (a, b) FROM stdin;\n1\t;\n\\N\t'\n\\.\n\nSELECT 1;\n"
    assert list(parts(text)) == [
        Part(1, "SET a = 1;"),
        Part(3, "COPY t (a, b) FROM stdin;", "1\t;\n\\N\t'\n"),
        Part(8, "SELECT 1;"),
    ]


def test_a_body_with_semicolons_runs(database, pg18):
    live = database(pg18)
    run_dump(live.connection, WITH_ROWS)
    with live.connection.cursor() as cursor:
        cursor.execute("SELECT g(2), obj_description('\"t;(\"'::regclass)")
        assert cursor.fetchone() == (2, "it's\n\\. not the end of rows")


@pytest.mark.parametrize(
    "options", [(), ("--schema-only",), ("--create",), ("--clean", "--if-exists")]
)
@pytest.mark.parametrize("major", [16, 18])
def test_what_pg_dump_writes(database, pg16, pg18, major, options):
    """The newest pg_dump, on servers of several versions."""
    server = {16: pg16, 18: pg18}[major]
    live, restored = database(server), database(server)
    run_dump(live.connection, WITH_ROWS)
    live.connection.commit()
    newest = max(embedded_installations(), key=lambda installation: installation.major)
    query = live.url.query
    dump = subprocess.run(
        [
            newest.bin / "pg_dump",
            "-h",
            query["host"],
            "-p",
            query["port"],
            *options,
            "-U",
            live.url.username,
            live.name,
        ],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    run_dump(restored.connection, dump)
    with restored.connection.cursor() as cursor:
        cursor.execute('SELECT count(*), public.g(1) FROM public."t;("')
        assert cursor.fetchone() == (0 if "--schema-only" in options else 1, 2)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("SELECT 1;\n\\i other.sql\n", r"line 2 has the psql command \i"),
        ("\\connect a\nSELECT 1;\n\\connect b\n", "line 3 connects to another database"),
    ],
)
def test_what_is_no_dump_of_one_database(database, pg18, text, message):
    with pytest.raises(ConfigurationError) as raised:
        run_dump(database(pg18).connection, text)
    assert message in str(raised.value)


def test_statements_about_the_database_are_left_out(database, pg18):
    live = database(pg18)
    run_dump(
        live.connection,
        "ALTER DATABASE postgres SET work_mem = '8MB';\n"
        "GRANT CONNECT ON DATABASE postgres TO PUBLIC;\n"
        "COMMENT ON DATABASE postgres IS 'x';\nSET transaction_timeout_of_the_future = 0;\n",
    )
    with live.connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_db_role_setting WHERE setdatabase = "
            "(SELECT oid FROM pg_database WHERE datname = 'postgres')"
        )
        assert cursor.fetchone() == (0,)


def test_a_schema_that_is_there_already(database, pg18):
    """pg_dump --schema public creates it, and so does a dump of all for a schema of live."""
    live = database(pg18)
    run_dump(
        live.connection,
        'CREATE SCHEMA "My own";\n-- for ; users\nCREATE SCHEMA public;\n'
        'CREATE SCHEMA "My own" AUTHORIZATION current_user;\n'
        "CREATE SCHEMA s CREATE TABLE t (a integer);\n",
    )
    with live.connection.cursor() as cursor:
        cursor.execute("SELECT 's.t'::regclass, '\"My own\"'::regnamespace")
        assert cursor.rowcount == 1
