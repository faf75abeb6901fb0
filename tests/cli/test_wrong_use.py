"""What cannot be done is refused with what, where and what next, and the right exit code."""

import json
import re

import pytest

USAGE, CANNOT_CHECK = 2, 3


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("compare --nothing", ["--nothing", "--help"]),
        ("compar", ["No such command 'compar'. Did you mean 'compare'?"]),
        ("compare --onlygap drift", ["--onlygap", "--only-gap"]),
        ("compare --fail-on drift-column-mising", ["Did you mean 'drift-column-missing'?"]),
        ("ignore x --reason y --rule drft-*", ["no rule matches", "Did you mean 'drift-*'?"]),
        ("blame studnts", ["Did you mean 'table students'?"]),
        ("history 0003", ["0003", "Did you mean '0001'?", "driftcheck history"]),
        ("simulate-colleague --at 0003", ["0003", "Did you mean '0001'?"]),
        ("adopt --fix 0003", ["0003", "Did you mean '0001'?"]),
        ("compare --format yaml", ["yaml", "json"]),
        ("compare --format json --format sarif", ["json", "sarif", "--format sarif=FILE"]),
        ("compare --only-gap drift,past", ["gaps", "past", "unapplied"]),
        ("compare --fail-on everything", ["fail-on", "everything", "none"]),
        ("compare -c nowhere.ini", ["nowhere.ini"]),
        ("compare --base-snapshot nowhere.json", ["nowhere.json", "driftcheck snapshot --write"]),
        ("compare --only-gap drift --base-snapshot nowhere.json", ["nowhere.json"]),
        ("compare --bootstrap nowhere.sql", ["nowhere.sql", "directory"]),
        ("compare --bootstrap something", ["something", "create_all"]),
        ("compare -o nowhere/report.json", ["nowhere", "-o"]),
        ("snapshot --write nowhere/base.json", ["nowhere", "--write"]),
        ("snapshot", ["--write"]),
        ("compare -d me:s3cr3t-w0rd@nowhere", ["--database-url", "postgresql://"]),
        ("compare -d postgresql://me:s3cr3t-w0rd@nowhere/x", ["postgresql", "sqlite"]),
        ("compare --shadow postgresql://me:s3cr3t-w0rd@nowhere/x", ["--shadow", "sqlite"]),
        ("diff sqlite:///live.db postgresql://me:s3cr3t-w0rd@nowhere/x", ["sqlite", "postgresql"]),
        (
            "diff mysql+mysqldb://a:s3cr3t-w0rd@nowhere/x mysql+mysqldb://a:s3cr3t-w0rd@nowhere/y",
            ["mysql+mysqldb", "not installed"],
        ),
        ("diff oracle+nothing://a:s3cr3t-w0rd@x/y oracle+nothing://x/z", ["not installed"]),
    ],
)
def test_wrong_options(school, refused, arguments, words):
    refused(school.run(*arguments.split()), USAGE, *words)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[tool.driftcheck]\nfail_onn = 1", ["pyproject.toml", "Did you mean 'fail-on'?"]),
        ("[tool.driftcheck\n", ["pyproject.toml", "TOML", "line 1"]),
        ("[tool.driftcheck]\ncache = 'no'", ["pyproject.toml", "cache", "true or false"]),
        ("[tool.driftcheck]\nfail-on = 5", ["fail-on", "a list of strings"]),
        ("[tool.driftcheck]\nschemas = [5]", ["schemas", "a list of strings"]),
        ("[tool.driftcheck]\nname = 5", ["name", "a string"]),
        ("[tool.driftcheck]\nignore = [{rule = 'a'}]", ["ignore", "reason", "until = 20"]),
        ("[tool]\ndriftcheck = 5", ["pyproject.toml", "[tool.driftcheck]", "table"]),
    ],
)
def test_wrong_configuration(school, refused, text, words):
    (school.root / "pyproject.toml").write_text(text)
    refused(school.compare(), USAGE, *words)


def test_a_base_snapshot_that_cannot_be_read(school, refused):
    assert school.run("snapshot", "--write", "base.json").status == 0
    path = school.root / "base.json"
    whole = path.read_text()
    other = whole.replace('"format": ', '"format": 9')
    for text, word in [(whole[:-20], "damaged"), ("nothing", "damaged"), (other, "format")]:
        path.write_text(text)
        result = school.compare("--base-snapshot", "base.json")
        refused(result, USAGE, "base.json", word, "driftcheck snapshot --write")


def test_a_configuration_that_cannot_be_imported(school, refused):
    refused(school.compare("-c", "nowhere:config"), CANNOT_CHECK, "importing nowhere", "--debug")


def test_a_live_file_that_is_not_there(school, refused):
    school.live.unlink()
    refused(school.compare(), CANNOT_CHECK, str(school.live), "--database-url")
    assert not school.live.exists()


def test_a_server_that_does_not_answer(pg_school, refused, secret):
    url = f"postgresql://somebody:{secret}@localhost:1/school"
    before = pg_school.on_server()
    told = ["cannot connect to postgresql://somebody@localhost:1/school", "Check that"]
    refused(pg_school.project.compare("-d", url), CANNOT_CHECK, *told)
    refused(pg_school.project.compare("-d", url, "--only-gap", "drift"), CANNOT_CHECK, *told)
    refused(pg_school.project.run("diff", url, url), CANNOT_CHECK, *told)
    pg_school.project.name_database(url)
    refused(pg_school.project.compare("--shadow", pg_school.shadow), CANNOT_CHECK, *told)
    assert pg_school.on_server() == before


@pytest.mark.parametrize("form", ["host={a}&host={b}:{port}", "host={a},{b}&port=1,{port}"])
@pytest.mark.parametrize("options", [(), ("--shadow", "same-server")])
def test_several_hosts_of_which_one_answers(pg_school, form, options):
    """The project and --database-url name the same database, and the report shows all hosts."""
    live, project = pg_school.project.live, pg_school.project
    port = live.url.query["port"]
    hosts = {"a": "localhost:1" if "&host" in form else "localhost", "b": live.url.query["host"]}
    url = f"postgresql://postgres@/{live.name}?{form.format(**hosts, port=port)}"
    project.name_database(url)
    before = pg_school.on_server()
    for named in ((), ("-d", url)):
        result = project.compare(*named, *options)
        assert result.status == 0, result
        assert result.database["location"].startswith("postgresql://postgres@localhost:1,/")
    assert pg_school.on_server() == before


def test_a_database_that_is_not_there(pg_school, refused, secret):
    live = pg_school.project.live.url.set(database="nowhere", password=secret)
    url = live.render_as_string(hide_password=False)
    refused(pg_school.project.compare("-d", url), CANNOT_CHECK, "nowhere", "does not exist")


def test_a_shadow_server_that_does_not_answer(pg_school, refused, secret):
    url = f"postgresql://somebody:{secret}@localhost:1/school"
    refused(pg_school.project.compare("--shadow", url), CANNOT_CHECK, "localhost:1")


def test_a_user_that_may_not_create_databases(pg_school, refused):
    live = pg_school.project.live
    live.execute("CREATE ROLE reader LOGIN; GRANT SELECT ON alembic_version TO reader")
    before = pg_school.on_server()
    url = live.url.set(username="reader").render_as_string(hide_password=False)
    result = pg_school.project.compare("-d", url, "--shadow", "same-server")
    refused(result, CANNOT_CHECK, "reader cannot create databases", "ALTER ROLE reader CREATEDB")
    assert pg_school.on_server() == before
    live.execute("DROP OWNED BY reader; DROP ROLE reader")


def test_a_user_that_may_not_read_the_version_table(pg_school, refused):
    """The error names the privileges that are missing, and with these the check works."""
    live, project = pg_school.project.live, pg_school.project
    live.execute(
        'CREATE ROLE "a Reader" LOGIN; REVOKE ALL ON SCHEMA public FROM PUBLIC;'
        "ALTER TABLE alembic_version SET SCHEMA public"
    )
    url = live.url.set(username="a Reader").render_as_string(hide_password=False)
    result = project.compare("-d", url)
    words = ['the user "a Reader" may not read', "version table", 'TO "a Reader";']
    refused(result, CANNOT_CHECK, *words)
    statements = re.findall(r"GRANT [^;]+;", " ".join(result.stderr.split()))
    assert len(statements) == 2
    live.execute("".join(statements))
    try:
        assert project.compare("-d", url).status == 0
    finally:
        live.execute('DROP OWNED BY "a Reader"; DROP ROLE "a Reader"')


@pytest.mark.parametrize(
    ("statement", "schema"),
    [
        ('CREATE TABLE "The staff".teachers (id int)', '"The staff"'),
        ("SET search_path TO staff; CREATE TABLE a (); SET search_path TO public", "NAME"),
    ],
)
def test_a_schema_that_no_migration_creates(pg_school, statement, schema):
    """The advice of the report works: the schema is created before the migrations run."""
    project = pg_school.project
    project.revision("0002", f"op.execute({statement!r})", "0001")
    (finding,) = (
        f for f in project.compare().database["findings"] if f["rule"] == "history-broken"
    )
    advice = finding["remedy"][0]
    assert advice["name"] == "create the schema first"
    assert f"CREATE SCHEMA {schema};" in advice["summary"]
    name = schema.replace("NAME", "staff")
    (project.root / "schema.sql").write_text(f"CREATE SCHEMA {name};")
    result = project.compare("--bootstrap", "schema.sql")
    assert "history-broken" not in [rule for rule, _ in result.findings]


def test_a_schema_of_the_version_table_that_no_migration_creates(pg_school, refused):
    project = pg_school.project
    env = project.root / "migrations" / "env.py"
    more = 'connection=connection, version_table_schema="staff",'
    env.write_text(env.read_text().replace("connection=connection,", more))
    result = project.compare()
    refused(result, CANNOT_CHECK, "The schema staff does not exist", "--bootstrap schema.sql")
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):  # a shell of Windows writes the last two
        (project.root / "schema.sql").write_text("CREATE SCHEMA staff;", encoding)
        result = project.compare("--bootstrap", "schema.sql", "--only-gap", "pending")
        assert result.status == 0, result


def test_the_live_database_as_a_shadow(pg_school, refused):
    before = pg_school.on_server()
    result = pg_school.project.compare("--shadow", pg_school.project.url)
    refused(result, USAGE, "--shadow names the live database", "same-server")
    assert pg_school.on_server() == before


def test_an_extension_that_the_shadow_server_lacks(pg_school):
    project = pg_school.project
    project.revision("0002", 'op.execute("CREATE EXTENSION nowhere")', "0001")
    before = pg_school.on_server()
    result = project.compare("--shadow", pg_school.shadow)
    (finding,) = [f for f in result.database["findings"] if f["rule"] == "history-broken"]
    assert 'extension "nowhere" is not available' in finding["details"]
    assert finding["origin"]["revision"] == "0002"
    assert result.status == 1
    assert pg_school.on_server() == before


def test_a_traceback_is_there_for_who_asks(school):
    result = school.run("compare", "--debug", "--bootstrap", "something")
    assert result.status == USAGE
    assert "Traceback" in result.stderr
    assert "driftcheck: the setting bootstrap has the unknown form 'something'" in result.stderr


def test_json_is_whole_or_not_at_all(school):
    (school.root / "report.json").write_text("before")
    result = school.compare("-o", "report.json", "--bootstrap", "something")
    assert result.status == USAGE
    assert (school.root / "report.json").read_text() == "before"
    assert json.loads(school.compare().stdout)["exit_code"] == 0
