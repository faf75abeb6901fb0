"""Thirty ways in which a user of live could have driftcheck run her code, and what comes of each.

She has a schema of her own, a table that is hers in ``public``, and a server with all of contrib.
Every way is tried by a whole ``driftcheck compare``, with the shadows on a private server and on
live's own. It is harmless where no file was written, and the server has the same roles, members,
databases and settings as before. ``tests/hostile.py`` says what is tried as soon as her code runs.
"""

import pytest

from tests.hostile import Mallory, witness

pytestmark = pytest.mark.soak

MODELS = """
Table("students", metadata, Column("id", Integer), Column("name", Text))
Table("hers", metadata, Column("id", Integer), Column("name", Text))
"""
REVISION = r'''
op.create_table("students", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
op.create_table("hers", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
op.execute("""CREATE FUNCTION powerful() RETURNS integer LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public AS $$ BEGIN PERFORM * FROM looked_at; RETURN 1; END $$""")
op.execute("CREATE VIEW looked_at AS SELECT 1 AS one")
op.execute("CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw; CREATE EXTENSION file_fdw")
op.execute("""CREATE FUNCTION reads(text) RETURNS text LANGUAGE internal
    AS 'pg_read_file_all'; GRANT EXECUTE ON FUNCTION pg_read_file(text) TO PUBLIC""")
'''
SERVER = r'''
op.execute("""CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw;
    CREATE USER MAPPING FOR PUBLIC SERVER here;
    GRANT USAGE ON FOREIGN SERVER here TO PUBLIC;
    GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw, file_fdw TO PUBLIC""")
'''
"""On a server that others use, driftcheck refuses this of a migration."""

# Of each: what she does, with {her} for her schema. She owns the table hers.
ATTACKS = {
    "materialized view": "CREATE MATERIALIZED VIEW {her}.v AS SELECT {her}.act() AS acted",
    "materialized view over a view": """
        CREATE VIEW {her}.base AS SELECT {her}.act() AS acted;
        CREATE MATERIALIZED VIEW {her}.v AS SELECT * FROM {her}.base""",
    "index expression": "CREATE INDEX i ON hers ({her}.payload(id))",
    "index predicate": "CREATE INDEX i ON hers (id) WHERE {her}.payload() = 1",
    "unique index over a folded constant": """
        CREATE UNIQUE INDEX i ON hers ((id + {her}.payload(1)))""",
    "default of an added column": "ALTER TABLE hers ADD c integer DEFAULT {her}.act()",
    "generated column": """
        ALTER TABLE hers ADD c integer GENERATED ALWAYS AS ({her}.payload(id)) STORED""",
    "check constraint": "ALTER TABLE hers ADD CHECK ({her}.payload() = 1)",
    "check of a domain with a default": """
        CREATE DOMAIN {her}.d AS integer DEFAULT 1 CHECK ({her}.payload(VALUE) > 0);
        ALTER TABLE hers ADD c {her}.d DEFAULT 1""",
    "extended statistics": "CREATE STATISTICS {her}.s ON ({her}.payload(id)), name FROM hers",
    "partition bound": """
        CREATE TABLE {her}.parted (id integer) PARTITION BY RANGE (id);
        CREATE TABLE {her}.part PARTITION OF {her}.parted
            FOR VALUES FROM ({her}.payload()) TO ({her}.payload() + 9)""",
    "partition key": """
        CREATE TABLE {her}.parted (id integer) PARTITION BY LIST ({her}.payload(id));
        CREATE TABLE {her}.part PARTITION OF {her}.parted DEFAULT""",
    "rule": "CREATE RULE r AS ON INSERT TO hers DO ALSO SELECT {her}.act()",
    "trigger": """
        CREATE TRIGGER t BEFORE INSERT ON hers FOR EACH ROW EXECUTE FUNCTION {her}.fires()""",
    "policy": """
        ALTER TABLE hers ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY p ON hers USING ({her}.act() = 1)""",
    "exclusion constraint": """
        ALTER TABLE hers ADD EXCLUDE USING btree (({her}.payload(id)) WITH =)""",
    "aggregate": """
        CREATE AGGREGATE {her}.a (integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '1');
        CREATE MATERIALIZED VIEW {her}.v AS SELECT {her}.a({her}.act()) AS acted""",
    "operator": """
        CREATE FUNCTION {her}.same(name, name) RETURNS boolean LANGUAGE plpgsql AS
            $$ BEGIN PERFORM {her}.act(); RETURN true; END $$;
        CREATE OPERATOR {her}.= (LEFTARG = name, RIGHTARG = name, FUNCTION = {her}.same);
        CREATE INDEX i ON hers ((name = 'x')) WHERE {her}.payload() = 1""",
    "cast": """
        CREATE TYPE {her}.word AS ENUM ('a');
        CREATE FUNCTION {her}.cast_it({her}.word) RETURNS integer IMMUTABLE LANGUAGE plpgsql AS
            $$ BEGIN RETURN {her}.payload(); END $$;
        CREATE CAST ({her}.word AS integer) WITH FUNCTION {her}.cast_it({her}.word) AS IMPLICIT;
        ALTER TABLE hers ADD c integer DEFAULT 'a'::{her}.word""",
    "range with a function of hers": """
        CREATE FUNCTION {her}.apart(integer, integer) RETURNS double precision IMMUTABLE
            LANGUAGE plpgsql AS $$ BEGIN RETURN {her}.payload(); END $$;
        CREATE TYPE {her}.r AS RANGE (SUBTYPE = integer, SUBTYPE_DIFF = {her}.apart);
        ALTER TABLE hers ADD c {her}.r DEFAULT '[1,9]'""",
    "function parsed with its tables": """
        CREATE FUNCTION {her}.parsed(a integer DEFAULT {her}.payload()) RETURNS integer
            LANGUAGE sql BEGIN ATOMIC SELECT {her}.payload(); END;
        ALTER TABLE hers ADD c integer DEFAULT {her}.parsed()""",
    "search path of a function": """
        CREATE FUNCTION {her}.lower(text) RETURNS text LANGUAGE plpgsql AS
            $$ BEGIN PERFORM {her}.act(); RETURN $1; END $$;
        CREATE FUNCTION {her}.lowers(text) RETURNS text IMMUTABLE LANGUAGE sql
            SET search_path = {her}, pg_catalog AS $$ SELECT lower($1) $$;
        CREATE INDEX i ON hers ({her}.lowers(name))""",
    "replacement of what a powerful function looks at": """
        CREATE MATERIALIZED VIEW {her}.v AS SELECT powerful() AS acted, {her}.act() AS again""",
    "large object": "SELECT lo_create(4711); CREATE TABLE {her}.t (o oid DEFAULT {her}.act())",
    "dblink": """
        CREATE MATERIALIZED VIEW {her}.v AS SELECT public.dblink_connect('dbname=postgres') AS c,
            {her}.act() AS acted WITH NO DATA""",
    "dblink with a password that is not asked for": """
        CREATE FUNCTION {her}.out() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
            RETURN public.dblink_exec('user={superuser} password=x dbname=postgres',
                $q$COPY (SELECT 1) TO PROGRAM 'touch {witness}/out'$q$);
            EXCEPTION WHEN OTHERS THEN RETURN 'x'; END $$;
        CREATE INDEX i ON hers ((name || {her}.out()))""",
    "postgres_fdw": """
        CREATE FOREIGN TABLE {her}.far (c text) SERVER here OPTIONS (schema_name 'pg_catalog',
            table_name 'pg_authid');
        CREATE MATERIALIZED VIEW {her}.v AS SELECT c, {her}.act() FROM {her}.far WITH NO DATA""",
    "file_fdw": """
        DO $$ BEGIN CREATE SERVER files FOREIGN DATA WRAPPER file_fdw;
            CREATE FOREIGN TABLE {her}.f (c text) SERVER files
                OPTIONS (program 'touch {witness}/fdw');
            EXCEPTION WHEN OTHERS THEN NULL; END $$;
        CREATE INDEX i ON hers ((id + {her}.payload()))""",
    "functions that a migration has opened": """
        CREATE FUNCTION {her}.reads() RETURNS integer IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_read_file('postmaster.pid'), {her}.act(); RETURN 1; END $$;
        ALTER TABLE hers ADD c integer GENERATED ALWAYS AS ({her}.reads()) STORED""",
    "default privileges and a role to be": """
        ALTER DEFAULT PRIVILEGES IN SCHEMA {her} GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
        ALTER ROLE {her} SET search_path = {her}, pg_catalog;
        ALTER TABLE hers ADD c integer DEFAULT {her}.act()""",
    "name that is SQL": """
        CREATE TABLE {her}."t""; COPY (SELECT 1) TO PROGRAM 'touch {witness}/name'; --" (
            id integer DEFAULT {her}.act());
        ALTER TABLE hers ADD "c""); SELECT {her}.act(); --" integer DEFAULT {her}.payload()""",
    "comment that is SQL": """
        COMMENT ON TABLE hers IS $c$'; COPY (SELECT 1) TO PROGRAM 'touch {witness}/said'; --$c$;
        CREATE MATERIALIZED VIEW {her}.v AS SELECT {her}.act() AS acted""",
}


@pytest.fixture
def attacked(sketch, pg15):
    """A project with contrib on its server; what Mallory does is done with her rights."""
    project = sketch(pg15)
    project.models(MODELS)
    project.revision("0001", REVISION + SERVER)
    project.upgrade()
    with witness() as directory:
        project.mallory = Mallory(project.live, directory)
        project.by_hand(
            "ALTER TABLE hers OWNER TO mallory; GRANT CREATE ON SCHEMA public TO mallory"
        )
        yield project
    project.live.execute("DROP OWNED BY mallory CASCADE; DROP ROLE mallory")


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_comes_of_it(attacked, name):
    mallory = attacked.mallory
    mallory.does(ATTACKS[name])
    mallory.begins()
    attacked.by_hand("ALTER TABLE students DROP name")
    for where in ((), (), ("--shadow", "same-server")):  # the second time from the cache
        if where:
            attacked.revision("0001", REVISION)
        result = attacked.compare(*where)
        assert ("drift-column-missing", "public.students.name") in result.findings, result.stderr
        assert any("mallory" in address or "hers" in address for _, address in result.findings)
        assert mallory.has_got_nowhere()


def test_there_are_thirty():
    assert len(ATTACKS) >= 30
