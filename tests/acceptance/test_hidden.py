"""What the user of the live database may not read is not compared, and the report says so."""

MODELS = 'Table("students", metadata, Column("id", Integer, primary_key=True))'
TABLE = 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))\n'
MAPPING = """
op.execute("CREATE FOREIGN DATA WRAPPER wrapper")
op.execute("CREATE SERVER far FOREIGN DATA WRAPPER wrapper")
op.execute("CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (username 'me')")
"""
CODE = """
op.execute("CREATE VIEW ids AS SELECT id FROM students")
op.execute("CREATE FUNCTION seven() RETURNS integer DETERMINISTIC RETURN 7")
"""


def made(project, revision):
    project.models(MODELS)
    project.revision("0001", TABLE + revision.strip())
    project.upgrade()
    return project


def drift(project, url):
    """Return the findings, and what was not compared."""
    result = project.compare("--only-gap", "drift", "-d", url.render_as_string(hide_password=False))
    assert result.status in (0, 1), result.stdout + result.stderr
    return result.findings, result.database["coverage"]["not_compared"]


def test_options_of_a_user_mapping(sketch, pg):
    project = made(sketch(pg), MAPPING)
    live = project.live
    role = f"reader_{live.name[-8:]}"
    live.execute(f"CREATE ROLE {role} LOGIN")
    url = live.url.set(username=role)
    try:
        live.execute(f"GRANT SELECT ON alembic_version TO {role}")
        assert drift(project, url) == ([], {"user mapping option list": 1})
        live.execute("DROP USER MAPPING FOR PUBLIC SERVER far")
        missing = [("drift-user-mapping-missing", 'far."PUBLIC"')]
        assert drift(project, url) == (missing, {})
        live.execute("CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (username 'you')")
        live.execute(f"ALTER SERVER far OWNER TO {role}")
        changed = [("drift-user-mapping-changed", 'far."PUBLIC"')]
        assert drift(project, url) == (changed, {})
    finally:
        live.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_code_in_mariadb(sketch, mariadb_database):
    project, live = sketch(), mariadb_database()
    project.name_database(live.url.render_as_string(hide_password=False))
    project.url = live.url.render_as_string(hide_password=False)
    made(project, CODE)
    live.execute("CREATE USER reader@localhost")
    try:
        live.execute(
            f"GRANT SELECT, EXECUTE ON `{live.name}`.* TO reader@localhost",
            "GRANT ALL ON `driftcheck\\_shadow\\_%`.* TO reader@localhost",
        )
        url = live.url.set(username="reader")
        assert drift(project, url) == ([], {"routine body": 1, "view definition": 1})
        live.execute("DROP FUNCTION seven")
        missing = [("drift-function-missing", "seven")]
        assert drift(project, url) == (missing, {"view definition": 1})
    finally:
        live.execute("DROP USER reader@localhost")
