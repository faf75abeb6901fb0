"""``driftcheck doctor`` on projects that work, and on projects that are broken in one way each."""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.reports.test_formats import check_golden

GOLDEN = Path(__file__).parent / "golden"
SECRET = "s3cr3t-w0rd"
TABLE = 'Table("students", metadata, Column("id", Integer, primary_key=True))'
CREATE = 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
APP = """\
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
    db.init_app(app)
    Migrate(app, db)
    return app
"""


@pytest.fixture
def project(sketch):
    """A project with a live database in a file, in step."""
    one = sketch()
    one.models(TABLE)
    one.revision("0001", CREATE)
    one.upgrade()
    return one


@pytest.fixture
def examined():
    """Run doctor, and return its checks by their names; the last of a name counts."""

    def run(project, *options, status, **variables):
        result = project.run("doctor", "--format", "json", *options, **variables)
        assert result.stderr == ""
        assert SECRET not in result.stdout
        report = json.loads(result.stdout)
        assert (result.status, report["exit_code"]) == (status, status), result.stdout
        return {check["name"]: check for check in report["checks"]}

    return run


def normalised(text, root):
    """The text with versions, times and places replaced, and each check on one line."""
    text = re.sub(r"\n {9,}", " ", text)
    text = text.replace(str(root), "ROOT").replace(sys.prefix, "PREFIX")
    text = re.sub(r"\d+(?:\.\d+)+", "N", text)
    return re.sub(r"(?<=[\s=])/(?:[\w.-]+/?)+", "PLACE", text)


@pytest.mark.parametrize("name", ["working", "broken"])
def test_what_is_told(project, name):
    if name == "broken":
        (project.root / "models.py").write_text("import nothing_like_this\n")
        project.live.unlink()
    result = project.run("doctor", VIRTUAL_ENV=sys.prefix, DRIFTCHECK_SERVER_DIR="")
    assert result.status == (1 if name == "broken" else 0)
    long = [line for line in result.stdout.splitlines() if len(line) > 80]
    assert [line for line in long if " " in line[9:].removeprefix("· ")] == []  # one word may be
    check_golden(normalised(result.stdout, project.root), GOLDEN / f"{name}.txt")


def test_a_healthy_project(project, examined):
    checks = examined(project, status=0)
    assert {check["status"] for name, check in checks.items() if name != "environment"} == {"ok"}
    assert checks["stamp"]["message"] == "stamped with 0001"
    assert checks["migrations"]["message"] == "migrations has 1 revision, head 0001"
    assert checks["shadow"]["message"] == "Shadow databases are temporary files"


def test_settings_and_where_they_come_from(project, examined):
    (project.root / "pyproject.toml").write_text(
        '[tool.driftcheck]\ntimeout = 7\nfail-on = ["drift"]\n'
    )
    checks = examined(
        project,
        *("-d", f"sqlite:///{project.live}", "--no-cache", "-x", "a=b"),
        status=0,
        DRIFTCHECK_TIMEOUT="8",
        ALEMBIC_CONFIG="alembic.ini",
        PGPASSWORD=SECRET,
    )
    assert checks["configuration"]["facts"][:5] == [
        "timeout: 8.0 (DRIFTCHECK_TIMEOUT)",
        "fail-on: drift (fail-on in [tool.driftcheck])",
        f"database-url: sqlite:///{project.live} (--database-url)",
        "cache: false (--no-cache)",
        "x: a=b (-x)",
    ]
    assert "ALEMBIC_CONFIG=alembic.ini (environment)" in checks["configuration"]["facts"]
    assert checks["project"]["facts"] == ["named by the environment variable ALEMBIC_CONFIG"]


def test_settings_of_a_directory_above_are_not_read(project, examined):
    file = project.root.parent / "pyproject.toml"
    file.write_text("[tool.driftcheck]\ntimeout = 7\n")
    check = examined(project, status=0)["configuration"]
    assert check["message"] == "only defaults"
    assert check["facts"][0] == (
        f"not read: [tool.driftcheck] in {file}, because only {project.root} is searched"
    )


def test_a_wrong_configuration_leaves_the_other_checks(project, examined):
    (project.root / "pyproject.toml").write_text("[tool.driftcheck]\ntimout = 7\n")
    checks = examined(project, status=1)
    assert checks["configuration"]["status"] == "failed"
    assert checks["configuration"]["remedy"].startswith("Did you mean 'timeout'?")
    assert checks["cache"]["status"] == "ok"
    assert checks["project"]["status"] == "skipped"


def test_no_project(project, examined):
    (project.root / "alembic.ini").unlink()
    backend = project.root / "backend"
    backend.mkdir()
    (backend / "alembic.ini").write_text("[alembic]\n")
    checks = examined(project, status=1)
    assert checks["project"]["status"] == "failed"
    assert "There is backend/alembic.ini: run driftcheck in backend." in checks["project"]["remedy"]
    assert checks["server"]["status"] == "skipped"


def test_a_configuration_without_script_location(project, examined):
    ini = project.root / "alembic.ini"
    ini.write_text(ini.read_text().replace("script_location", "script_place"))
    checks = examined(project, status=1)
    assert checks["migrations"]["status"] == "failed"
    remedy = checks["migrations"]["remedy"]
    assert "Write script_location = %(here)s/migrations below [alembic]" in remedy
    # The database is named in the file, and so it is checked nevertheless.
    assert checks["server"]["status"] == "ok"
    (line,) = re.findall(r"script_location = \S+", remedy)
    ini.write_text(ini.read_text() + line)
    assert examined(project, status=0)["migrations"]["status"] == "ok"


def test_two_projects(project, examined):
    ini = project.root / "alembic.ini"
    ini.write_text(f"{ini.read_text()}\n[other]\nscript_location = %(here)s/elsewhere\n")
    checks = examined(project, status=0)
    assert checks["migrations"]["status"] == "warning"
    assert "section [other] of alembic.ini" in checks["migrations"]["facts"][-1]
    assert examined(project, "-n", "alembic", status=0)["migrations"]["status"] == "ok"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import MySQLdb\n", ["No module named 'MySQLdb'", "pip install 'mysqlclient'"]),
        ("import sys\nsys.exit(4)\n", ["sys.exit(4)", "line 2"]),
        ("1 / 0\n", ["ZeroDivisionError", "models.py, line 1"]),
        ("print(\n", ["SyntaxError", "models.py, line 1"]),
    ],
)
def test_code_that_fails(project, examined, source, words):
    (project.root / "models.py").write_text(source)
    check = examined(project, status=1)["env.py"]
    assert check["status"] == "failed"
    for word in words:
        assert word in f"{check['message']} {check['remedy']}"


def test_models_that_are_not_imported(project, examined):
    project.models("")
    checks = examined(project, status=0)
    assert checks["env.py"]["status"] == "warning"
    assert "0 tables in the models" in checks["env.py"]["facts"][0]


def test_a_process_that_the_app_ends_has_told_what_is_known(project):
    (project.root / "models.py").write_text("import os\nos._exit(0)\n")
    result = project.run_anew("doctor")
    assert result.status == 3
    assert "ok       project: Alembic configuration alembic.ini" in result.stdout
    assert "os._exit(0)" in result.stderr


def test_flask_apps(project, examined):
    (project.root / "alembic.ini").unlink()
    (project.root / "shop.py").write_text(APP.format(url=f"sqlite:///{project.live}"))
    checks = examined(project, "--app", "shop", status=1)
    assert checks["project"]["message"] == "Flask app shop"
    assert checks["app"]["facts"] == ["made by the factory create_app of shop"]
    assert re.fullmatch(r"imported in \d+\.\d s", checks["app"]["message"])
    (project.root / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    checks = examined(project, "--app", "shop", status=1)
    assert "does not use Flask-Migrate" in checks["project"]["message"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (f"postgresql+psycopg2://me:{SECRET}@127.0.0.1:1/x", ["refused", "Start the server"]),
        (
            f"postgresql+psycopg2://me:{SECRET}@no.host.invalid/x",
            ["no.host.invalid", "Check the host"],
        ),
    ],
)
def test_a_server_that_is_not_reached(project, pg18, examined, url, words):
    project.name_database(url)
    checks = examined(project, status=1)
    server = checks["server"]
    assert server["status"] == "failed"
    assert server["database"] == url.replace(f":{SECRET}", "").replace("+psycopg2", "")
    for word in words:
        assert word in f"{server['details']} {server['remedy']}"
    assert checks["env.py"]["status"] == "ok"
    assert checks["shadow"]["status"] == "ok"


def test_a_database_that_does_not_exist(sketch, pg18, examined):
    project = sketch(pg18)
    project.name_database(project.url.replace(project.live.name, "nowhere"))
    server = examined(project, status=1)["server"]
    assert 'database "nowhere" does not exist' in server["details"]
    assert server["remedy"].startswith("Create the database")


def test_a_role_and_what_it_may_read(sketch, pg, examined):
    project = sketch(pg)
    project.models(TABLE)
    project.revision("0001", CREATE)
    project.upgrade()
    live = project.live
    role = f"reader_{live.name[-8:]}"
    live.execute(f"CREATE ROLE {role} LOGIN")
    url = live.url.set(username=role).render_as_string(hide_password=False)
    try:
        rights = examined(project, "-d", url, status=1)["rights"]
        assert f"GRANT SELECT ON public.alembic_version TO {role};" in rights["remedy"]
        live.execute(f"GRANT SELECT ON public.alembic_version TO {role}")
        checks = examined(project, "-d", url, status=0)
        assert checks["rights"]["facts"] == [
            "it is not a superuser",
            "it may not create databases (--shadow same-server)",
        ]
        assert checks["server"]["message"].endswith("local connection")
        live.execute("CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w")
        live.execute("CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (password 'x')")
        checks = examined(project, "-d", url, status=0)
        assert checks["rights"]["status"] == "warning"
        assert "user mappings for the server far are hidden" in checks["rights"]["facts"][-1]
        live.execute(f"ALTER SERVER far OWNER TO {role}")
        assert examined(project, "-d", url, status=0)["rights"]["status"] == "ok"
        assert examined(project, status=0)["rights"]["status"] == "ok"
    finally:
        live.execute(f"DROP OWNED BY {role} CASCADE; DROP ROLE {role}")


def test_which_server_makes_the_shadows_and_which_do_not(sketch, pg16, pg18, examined):
    project = sketch(pg16)
    project.models(TABLE)
    project.revision("0001", CREATE)
    project.upgrade()
    shadow = examined(project, status=0)["shadow"]
    assert "PostgreSQL 16" in shadow["message"]
    assert "it has live's major version, 16" in shadow["message"]
    passed_over = [fact for fact in shadow["facts"] if fact.startswith("passed over: ")]
    assert any("PostgreSQL 18" in fact and "is more similar" in fact for fact in passed_over)
    assert passed_over[-1].endswith("it is used with --shadow same-server only")
    same = examined(project, "--shadow", "same-server", status=0)["shadow"]
    assert "as --shadow same-server requests" in same["message"]
    assert any("driftcheck_shadow_" in fact for fact in same["facts"])


def test_no_server_for_shadows(sketch, pg18, examined, tmp_path):
    """A directory that cannot have a server: everything else is told nevertheless."""
    project = sketch(pg18)
    project.models(TABLE)
    project.revision("0001", CREATE)
    project.upgrade()
    checks = examined(project, status=1, DRIFTCHECK_SERVER_DIR=str(tmp_path / "nowhere"))
    assert checks["shadow"]["status"] == "failed"
    assert "same-server" in checks["shadow"]["remedy"]
    assert checks["env.py"]["status"] == "skipped"
    assert checks["server"]["status"] == "ok"


def test_a_cache_directory_that_others_can_change(project, examined, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    checks = examined(project, status=1, DRIFTCHECK_CACHE_DIR=str(shared))
    assert checks["cache"]["status"] == "failed"
    assert "DRIFTCHECK_CACHE_DIR" in checks["cache"]["remedy"]
    assert checks["project"]["status"] == "skipped"


def test_a_stamp_that_the_history_does_not_have(project, examined):
    project.by_hand("UPDATE alembic_version SET version_num = '0009'")
    stamp = examined(project, status=0)["stamp"]
    assert (stamp["status"], stamp["message"]) == (
        "warning",
        "stamped with 0009, which the migrations do not have",
    )


def test_mariadb_users(sketch, mariadb_database, examined):
    project = sketch()
    live = mariadb_database("CREATE TABLE students (id integer PRIMARY KEY)")
    project.name_database(live.url.render_as_string(hide_password=False))
    checks = examined(project, status=0)
    assert checks["rights"]["status"] == "ok"
    assert "driftcheck_shadow_" in checks["shadow"]["facts"][-1]
    live.execute("CREATE VIEW v AS SELECT 1 AS one", "CREATE USER reader@localhost")
    try:
        live.execute(
            f"GRANT SELECT, CREATE, DROP, INSERT ON `{live.name}`.* TO reader@localhost",
            "GRANT ALL ON `driftcheck\\_shadow\\_%`.* TO reader@localhost",
        )
        url = live.url.set(username="reader").render_as_string(hide_password=False)
        rights = examined(project, "-d", url, status=0)["rights"]
        assert rights["status"] == "warning"
        assert (
            "the definition of the view v cannot be read, so it is not compared" in rights["facts"]
        )
        for statement in re.findall(r"GRANT [^;]*;", rights["remedy"]):
            live.execute(statement)
        assert examined(project, "-d", url, status=0)["rights"]["status"] == "ok"
    finally:
        live.execute("DROP USER reader@localhost")


def test_a_password_that_is_wrong(sketch, mariadb_database, examined):
    project = sketch()
    live = mariadb_database()
    live.execute("CREATE USER owner@localhost IDENTIFIED BY 'another'")
    try:
        url = live.url.set(username="owner", password=SECRET)
        project.name_database(url.render_as_string(hide_password=False))
        checks = examined(project, status=1)
    finally:
        live.execute("DROP USER owner@localhost")
    assert "Access denied for user 'owner'" in checks["server"]["details"]
    assert checks["server"]["remedy"] == "Check the user and the password of the URL."


def test_a_url_that_is_none_leaves_the_database_of_the_project(project):
    result = project.run("doctor", "--format", "json", "-d", f"me:{SECRET}@nowhere")
    assert SECRET not in result.stdout
    checks = json.loads(result.stdout)["checks"]
    told = {(check["name"], check["status"]) for check in checks}
    assert {("configuration", "failed"), ("env.py", "ok"), ("server", "ok")} <= told


def test_several_databases(project, examined):
    other = project.root / "other.db"
    other.touch()
    environment = project.root / "migrations" / "env.py"
    head, _, body = environment.read_text().partition("engine = ")
    looped = "".join(f"    {line}\n" for line in f"engine = {body}".splitlines())
    looped = looped.replace('config.get_main_option("sqlalchemy.url")', "url")
    environment.write_text(f"{head}for url in {[project.url, f'sqlite:///{other}']}:\n{looped}")
    result = project.run("doctor", "--format", "json")
    assert result.status == 0, result.stdout
    checks = json.loads(result.stdout)["checks"]
    databases = [check["database"] for check in checks if check["name"] == "server"]
    assert databases == [f"sqlite:///{project.live}", f"sqlite:///{other}"]
    stamps = [check["message"] for check in checks if check["name"] == "stamp"]
    assert stamps[0] == f"{databases[0]}: stamped with 0001"
    assert stamps[1].startswith(f"{databases[1]}: the database has no version table")
