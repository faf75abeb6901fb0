"""Restricted shadows: they belong to a role without rights, with everything that is in them."""

from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.databases.reading import Scope
from driftcheck.databases.sqlite.shadow import SQLiteMaker
from driftcheck.errors import ShadowError
from driftcheck.schema import Address
from driftcheck.sources.reading import read_restricted, run_statements
from driftcheck.sources.untrusted import run_untrusted
from tests.databases.postgresql.catalog.cases import make_tablespace

EVERYTHING = Path(__file__).parents[1] / "catalog" / "everything.sql"
# What is not the role's: catalog, column of the owner, and which rows may be somebody else's.
_ELSES = """
SELECT %(catalog)s::text, x.* FROM {catalog} x
WHERE x.oid >= 16384 AND x.{owner} <> %(role)s::regrole AND {others}
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = x.oid AND d.deptype IN ('e', 'i'))
"""
_OWNERS = {
    "pg_namespace": ("nspowner", "true"),
    "pg_class": ("relowner", "x.relkind NOT IN ('f', 'i', 'I', 't') AND x.relnamespace <> 99"),
    "pg_type": (
        "typowner",
        """x.typelem = 0 AND x.typisdefined AND NOT EXISTS
          (SELECT FROM pg_class c WHERE c.oid = x.typrelid AND c.relkind = 'f')""",
    ),
    "pg_proc": (
        "proowner",
        "(SELECT lanpltrusted FROM pg_language l WHERE l.oid = x.prolang)",
    ),
    "pg_operator": ("oprowner", "true"),
    "pg_opclass": ("opcowner", "true"),
    "pg_opfamily": ("opfowner", "true"),
    "pg_collation": ("collowner", "true"),
    "pg_conversion": ("conowner", "true"),
    "pg_statistic_ext": ("stxowner", "true"),
    "pg_ts_dict": ("dictowner", "true"),
    "pg_ts_config": ("cfgowner", "true"),
    "pg_publication": ("pubowner", "NOT x.puballtables"),
}


@pytest.fixture
def everything(pg, database):
    template = database(pg, EVERYTHING.read_text())
    template.close()
    shadow = pg.make("copied", template.shadow, restricted=True)
    yield shadow
    shadow.drop()


def test_all_that_can_be_is_the_roles(pg, everything):
    with closing(connect(pg.server.set(database=everything.name))) as connection:
        cursor = connection.cursor()
        for catalog, (owner, others) in _OWNERS.items():
            query = _ELSES.format(catalog=catalog, owner=owner, others=others)
            cursor.execute(query, {"catalog": catalog, "role": everything.role})
            assert cursor.fetchall() == []


def test_the_role_may_create_in_the_schema_public(pg):
    """It does so as the owner of the database, by way of the role pg_database_owner."""
    shadow = pg.make("empty", restricted=True)
    with closing(connect(shadow.url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE students (id serial PRIMARY KEY)")
    shadow.drop()


def test_the_role_has_no_rights_and_goes_with_the_shadow(pg):
    shadow = pg.make("empty", restricted=True)
    with closing(connect(shadow.url)) as connection, connection.cursor() as cursor:
        cursor.execute("""SELECT session_user::text, rolsuper OR rolcreaterole OR rolcreatedb
            OR rolreplication OR rolbypassrls, (SELECT count(*) FROM pg_auth_members
              WHERE member = r.oid) FROM pg_roles r WHERE rolname = session_user""")
        assert cursor.fetchall() == [(shadow.role, False, 0)]
        cursor.execute("ALTER DATABASE " + shadow.name + " IS_TEMPLATE true")
        connection.commit()
    shadow.drop()
    assert shadow.role not in roles_of(pg)


def test_the_role_may_use_tablespaces_and_goes_with_the_shadow(pg16):
    """A table of live can be in a tablespace that the migrations have created."""
    with closing(connect(pg16.server)) as connection:
        connection.autocommit = True
        make_tablespace(connection.cursor())
    shadow = pg16.make("placed", restricted=True)
    with closing(connect(shadow.url)) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE students () TABLESPACE elsewhere")
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("ALTER TABLESPACE elsewhere RENAME TO nowhere")
    shadow.drop()
    assert shadow.role not in roles_of(pg16)


def roles_of(maker):
    """The roles of a maker's server."""
    with closing(connect(maker.server)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolname FROM pg_roles")
        return {name for (name,) in cursor.fetchall()}


REACHING = """
CREATE FUNCTION reads(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all';
CREATE FUNCTION powerful() RETURNS boolean LANGUAGE sql SECURITY DEFINER AS
  'SELECT rolsuper FROM pg_roles WHERE rolname = current_user';
CREATE AGGREGATE content(text) (sfunc = textcat, stype = text, finalfunc = reads);
CREATE EXTENSION postgres_fdw;
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw;
CREATE USER MAPPING FOR PUBLIC SERVER here;
GRANT USAGE ON FOREIGN SERVER here TO PUBLIC;
GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO PUBLIC;
CREATE FOREIGN TABLE far (a integer) SERVER here;
GRANT SELECT ON far TO PUBLIC;
CREATE FOREIGN DATA WRAPPER another HANDLER postgres_fdw_handler;
CREATE SERVER other FOREIGN DATA WRAPPER another;
CREATE FOREIGN TABLE elsewhere (a integer) SERVER other;
GRANT ALL ON elsewhere TO PUBLIC;
CREATE EXTENSION dblink;
GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC;
"""


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT reads('PG_VERSION')",
        "SELECT content('PG_VERSION')",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT * FROM elsewhere",
        "CREATE FOREIGN TABLE farther (a integer) SERVER other",
        "CREATE SERVER there FOREIGN DATA WRAPPER another",
        "ALTER FOREIGN DATA WRAPPER postgres_fdw HANDLER postgres_fdw_handler",
        "CREATE FOREIGN DATA WRAPPER more HANDLER postgres_fdw_handler",
        "SELECT dblink_connect('dbname=postgres')",
        "CREATE EXTENSION file_fdw",
        "CREATE FUNCTION reads_too(text) RETURNS text LANGUAGE internal AS 'pg_read_file_all'",
    ],
)
def test_what_migrations_have_made_does_not_lead_out(pg15, database, statement):
    template = database(pg15, REACHING)
    template.close()
    shadow = pg15.make("copied", template.shadow, restricted=True)
    try:
        with closing(connect(shadow.url)) as connection, connection.cursor() as cursor:
            cursor.execute("SELECT powerful()")
            assert cursor.fetchone() == (False,)
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                cursor.execute(statement)
    finally:
        shadow.drop()


def test_foreign_tables_are_owned_and_reach_nothing(pg15, database):
    """Drift of them can be made in a copy."""
    template = database(pg15, REACHING)
    template.close()
    shadow = pg15.make("copied", template.shadow, restricted=True)
    made = [
        "CREATE SERVER there FOREIGN DATA WRAPPER postgres_fdw OPTIONS (dbname 'postgres')",
        "CREATE USER MAPPING FOR PUBLIC SERVER there OPTIONS (user 'postgres', password 'x')",
        "CREATE FOREIGN TABLE farther (a integer) SERVER there",
        "ALTER SERVER here OPTIONS (ADD dbname 'postgres')",
        "ALTER FOREIGN TABLE far ADD COLUMN b text",
    ]
    assert run_untrusted(shadow, made) == []
    used = [
        "SELECT * FROM far",
        "SELECT * FROM farther",
        "INSERT INTO farther VALUES (1)",
        "ANALYZE farther",
        "IMPORT FOREIGN SCHEMA public FROM SERVER there INTO public",
    ]
    refused = [each.message for each in run_untrusted(shadow, used)]
    assert refused == ['foreign-data wrapper "postgres_fdw" has no handler'] * len(used)
    shadow.drop()


WATCHED = """
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'begin end';
CREATE EVENT TRIGGER watched ON {event} EXECUTE FUNCTION public.watch();
ALTER EVENT TRIGGER watched ENABLE {how};
CREATE TABLE students ();
"""
SEIZING = """
CREATE OR REPLACE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS $$
begin
  execute format('alter role %I superuser', '{role}');
exception when insufficient_privilege then null;
end $$
"""


@pytest.mark.parametrize("how", ["", "REPLICA", "ALWAYS"])
@pytest.mark.parametrize("event", ["ddl_command_start", "ddl_command_end", "login"])
def test_an_event_trigger_does_not_run_untrusted_code_as_a_superuser(pg, database, event, how):
    """Its function belongs to the restricted role, and fires in every session of the database."""
    with closing(connect(pg.server)) as connection:
        if event == "login" and connection.server_version < 170000:
            pytest.skip("an event of PostgreSQL 17")
    template = database(pg, WATCHED.format(event=event, how=how))
    template.close()
    shadow = pg.make("copied", template.shadow, restricted=True)
    run_untrusted(shadow, [SEIZING.format(role=shadow.role)])
    copy = pg.make("again", shadow)
    with closing(connect(pg.server)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = %s", (shadow.role,))
        assert cursor.fetchall() == [(False,)]
    states = [
        read_restricted(each, Scope()).objects[Address("event trigger", "", ("watched",))]
        for each in (template.shadow, copy)
    ]
    copy.drop()
    shadow.drop()
    assert states[0].attributes["enabled"] == states[1].attributes["enabled"]


def test_a_language_that_is_not_trusted_is_no_obstacle(pg16, database):
    """PostgreSQL refuses GRANT and REVOKE on it, because only a superuser can use it."""
    template = database(pg16, "CREATE LANGUAGE shell HANDLER plpgsql_call_handler")
    template.close()
    shadow = pg16.make("copied", template.shadow, restricted=True)
    (refused,) = run_untrusted(
        shadow, ["CREATE FUNCTION f() RETURNS int LANGUAGE shell AS 'begin end'"]
    )
    shadow.drop()
    assert refused.message == "permission denied for language shell"


def test_a_range_type_is_made_in_spite_of_default_privileges(pg16, database):
    template = database(pg16, "ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC")
    template.close()
    shadow = pg16.make("copied", template.shadow, restricted=True)
    assert run_untrusted(shadow, ["CREATE TYPE floats AS RANGE (SUBTYPE = float8)"]) == []
    shadow.drop()


def test_an_aggregate_is_handed_over(pg16, database):
    template = database(pg16, "CREATE AGGREGATE total(integer) (sfunc = int4pl, stype = integer)")
    template.close()
    shadow = pg16.make("copied", template.shadow, restricted=True)
    assert run_untrusted(shadow, ["ALTER AGGREGATE total(integer) RENAME TO added"]) == []
    shadow.drop()


def test_a_copy_of_a_restricted_shadow_is_one(pg16):
    first = pg16.make("first", restricted=True)
    run_untrusted(first, ["CREATE TABLE hers (id integer)"])
    second = pg16.make("second", first)
    assert second.restricted
    assert second.role != first.role
    assert run_untrusted(second, ["ALTER TABLE hers ADD name text"]) == []
    second.drop()
    first.drop()


def test_only_safe_extensions_are_installed(pg15):
    shadow = pg15.make("extended", restricted=True)
    wanted = ["citext", "dblink", "postgres_fdw", "file_fdw", "adminpack", "no_such_one"]
    shadow.install((name, "extensions") for name in wanted)
    with closing(connect(shadow.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT extname FROM pg_extension ORDER BY 1")
        assert cursor.fetchall() == [("citext",), ("plpgsql",)]
    shadow.drop()


def test_a_server_that_others_use_has_none(pg16):
    with ServerMaker("Tests.", pg16.server, None) as maker:
        assert not maker.runs_untrusted_ddl
        with pytest.raises(ShadowError, match="not run on a server that others use"):
            maker.make("x", restricted=True)


def test_a_shadow_that_is_no_restricted_one_is_refused(pg16):
    shadow = pg16.make("trusted")
    with pytest.raises(ShadowError, match="is not restricted"):
        run_untrusted(shadow, ["CREATE TABLE t (id integer)"])
    shadow.drop()


def test_an_sqlite_file_opens_no_other(tmp_path):
    other = tmp_path / "other.db"
    with SQLiteMaker("Tests.") as maker:
        shadow = maker.make("x", restricted=True)
        statements = [f"ATTACH '{other}' AS other", f"VACUUM INTO '{other}'", "CREATE TABLE t (a)"]
        refused = run_untrusted(shadow, statements)
    assert [one.statement for one in refused] == statements[:2]
    assert not other.exists()


def test_savepoints_do_not_pile_up(pg16):
    """Within one another, thousands of them take a server's memory and its locks."""
    shadow = pg16.make("many")
    statements = [f"CREATE TABLE t{n} (id integer)" for n in range(20)]
    count = "CREATE TABLE depth AS SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid'"
    assert run_statements(shadow.url, [*statements, count]) == []
    with closing(connect(shadow.url)) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count FROM depth")
        assert cursor.fetchone()[0] < 5
    shadow.drop()
