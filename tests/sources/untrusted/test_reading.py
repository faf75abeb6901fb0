"""What driftcheck asks a live database calls nothing that a user of that database has made."""

import pytest

# Every function of the server by one of these names, and every operator of these, is there a
# second time, where the search path of the database comes to it first.
FUNCTIONS = """
current_setting current_schema current_schemas current_database split_part concat_ws
pg_postmaster_start_time pg_encoding_to_char to_jsonb unnest host inet_server_addr pg_backend_pid
set_config substring format_type pg_get_expr pg_get_userbyid array_agg pg_get_constraintdef
pg_get_indexdef pg_get_viewdef row_security_active pg_terminate_backend count coalesce
pg_xact_commit_timestamp obj_description shobj_description col_description format quote_ident
""".split()
OPERATORS = ("=", "<>", "||", "!~", "~", "->>", "/", ">=", ">")

SHADOWING = """
DO $do$
DECLARE f record;
BEGIN
  FOR f IN SELECT p.oid, p.proname, pg_get_function_arguments(p.oid) AS args,
      pg_get_function_result(p.oid) AS result, p.proretset
    FROM pg_catalog.pg_proc p
    WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.prokind = 'f'
      AND p.proname = ANY (%(functions)s) AND p.prorettype <> 'trigger'::regtype
      AND NOT p.proargtypes::oid[] && ARRAY['internal'::regtype, '"any"'::regtype]::oid[]
  LOOP
    EXECUTE format('CREATE FUNCTION public.%%I(%%s) RETURNS %%s LANGUAGE plpgsql AS
      $hers$ BEGIN PERFORM mallory.act(); RETURN %%s; END $hers$',
      f.proname, f.args, f.result, CASE WHEN f.proretset THEN '' ELSE 'NULL' END);
  END LOOP;
  FOR f IN SELECT o.oprname, l.oid::regtype AS l, r.oid::regtype AS r, t.oid::regtype AS result
    FROM pg_catalog.pg_operator o JOIN pg_type l ON l.oid = o.oprleft
    JOIN pg_type r ON r.oid = o.oprright JOIN pg_type t ON t.oid = o.oprresult
    WHERE o.oprname = ANY (%(operators)s) AND o.oprkind = 'b'
      AND l.typtype = 'b' AND r.typtype = 'b'
      AND l.typname IN ('name', 'oid', 'text', 'int4', 'bool', 'char', 'int2')
  LOOP
    EXECUTE format('CREATE FUNCTION public.%%I(%%s, %%s) RETURNS %%s LANGUAGE plpgsql AS
      $hers$ BEGIN PERFORM mallory.act(); RETURN NULL; END $hers$',
      'op' || md5(f::text), f.l, f.r, f.result);
    EXECUTE format('CREATE OPERATOR public.%%s
      (LEFTARG = %%s, RIGHTARG = %%s, FUNCTION = public.%%I)',
      f.oprname, f.l, f.r, 'op' || md5(f::text));
  END LOOP;
END $do$;
CREATE FUNCTION public.concat_ws(text, timestamptz, oid) RETURNS text LANGUAGE plpgsql AS
  $hers$ BEGIN PERFORM mallory.act(); RETURN NULL; END $hers$;
CREATE FUNCTION public.lower(name) RETURNS text LANGUAGE plpgsql AS
  $hers$ BEGIN PERFORM mallory.act(); RETURN NULL; END $hers$;
"""


@pytest.fixture
def shadowed(attacked):
    """A live database where the server's functions and operators are hidden by Mallory's."""
    said = {"functions": FUNCTIONS, "operators": list(OPERATORS)}
    with attacked.live.connection.cursor() as cursor:
        cursor.execute(SHADOWING, said)
    attacked.by_hand(f"ALTER DATABASE {attacked.live.name} SET search_path = public, pg_catalog")
    return attacked


COMMANDS = {
    "compare": ["compare"],
    "compare on live's own server": ["compare", "--shadow", "same-server"],
    "drift alone, twice": ["compare", "--only-gap", "drift", "-d", "{url}"],
    "diff": ["diff", "{url}", "{url}"],
    "locate": ["locate"],
    "a base snapshot": ["snapshot", "--write", "base.json"],
    "selftest": ["selftest", "--sample", "20"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_no_function_of_a_user_is_called(shadowed, private, command):
    shadowed.by_hand("ALTER TABLE students DROP name")
    arguments = [word.format(url=shadowed.url) for word in command]
    for _ in range(2 if "--only-gap" in command else 1):
        result = shadowed.run(*arguments, **private)
        assert result.status in (0, 1), result.stderr
    assert shadowed.mallory.has_got_nowhere()


HOSTILE_VERSION_TABLES = {
    "a view": "CREATE VIEW alembic_version AS SELECT mallory.act()::text AS version_num",
    "a materialized view": (
        "CREATE MATERIALIZED VIEW alembic_version AS SELECT '0001' AS version_num"
    ),
    "a table with row security": """
        CREATE TABLE alembic_version (version_num text);
        ALTER TABLE alembic_version ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
        CREATE POLICY hers ON alembic_version USING (mallory.act() = 1)""",
    "a foreign table or has one as a partition": """
        CREATE FOREIGN DATA WRAPPER hers;
        CREATE SERVER hers FOREIGN DATA WRAPPER hers;
        CREATE TABLE alembic_version (version_num text) PARTITION BY LIST (version_num);
        CREATE FOREIGN TABLE mallory.part PARTITION OF alembic_version DEFAULT SERVER hers""",
}


@pytest.mark.parametrize("what", HOSTILE_VERSION_TABLES)
@pytest.mark.parametrize("quick", [False, True], ids=["full", "quick"])
def test_a_version_table_that_is_none_is_not_read(attacked, private, what, quick):
    options = ["--only-gap", "drift", "-d", attacked.url] if quick else ["--only-gap", "drift"]
    url = attacked.live.url
    if "row security" in what:  # it does not apply to a superuser
        attacked.by_hand("CREATE ROLE reader LOGIN CREATEDB")
        attacked.mallory.begins()
        url = url.set(username="reader")
        attacked.name_database(url.render_as_string(hide_password=False))
        options = [word.replace(attacked.url, str(url)) for word in options]
    if quick:
        assert attacked.run("compare", *options, **private).status in (0, 1, 3)
    attacked.by_hand("DROP TABLE alembic_version; " + HOSTILE_VERSION_TABLES[what])
    attacked.by_hand("GRANT SELECT ON alembic_version TO PUBLIC")
    try:
        result = attacked.run("compare", *options, **private)
        assert result.status == 3, result.stdout
        assert f"the version table public.alembic_version is {what}" in result.stderr
        assert attacked.mallory.has_got_nowhere()
    finally:
        if "row security" in what:
            attacked.by_hand("DROP OWNED BY reader; DROP ROLE reader")
