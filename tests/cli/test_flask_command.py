"""``flask driftcheck`` does what ``driftcheck`` does, for the app that Flask would load."""

import json
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import click
import flask_migrate
import pytest
from flask.cli import ScriptInfo

from driftcheck.flask_command import _with_app, flask_driftcheck
from tests.conftest import _clean_environment

APP = """\
from pathlib import Path

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

with open("imports", "a") as file:
    file.write("imported\\n")

db = SQLAlchemy()


class Student(db.Model):
    __tablename__ = "students"
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.Text)


def create_app():
    app = Flask(__name__)
    app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
    db.init_app(app)
    Migrate(app, db)
    return app
"""
SCRIPT = """
from flask.cli import FlaskGroup

if __name__ == "__main__":
    FlaskGroup(create_app=create_app)()
"""


@pytest.fixture
def shop(school):
    """A Flask app whose model has a column that no migration has. There is an alembic.ini too."""
    (school.root / "shop.py").write_text(APP.format(url=school.url))
    template = Path(flask_migrate.__file__).parent / "templates" / "flask"
    shutil.copy(template / "env.py", school.root / "migrations")
    shutil.copy(template / "alembic.ini.mako", school.root / "migrations" / "alembic.ini")
    return school


def flask(project, *arguments, program=("-m", "flask")):
    done = subprocess.run(
        [sys.executable, *program, *arguments],
        cwd=project.root,
        env=_clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_same_report_and_exit_code(shop):
    own = shop.run("compare", "--app", "shop", "--format", "json")
    (shop.root / "imports").unlink()
    status, stdout, stderr = flask(
        shop, "--app", "shop", "driftcheck", "compare", "--format", "json"
    )
    assert (status, stderr) == (own.status, "") == (1, "")
    mine, theirs = json.loads(stdout), json.loads(own.stdout)
    (finding,) = mine["databases"][0]["findings"]
    assert theirs["databases"][0]["findings"] == [finding]
    summary = "Run flask --app shop db migrate, which writes these operations."
    assert [remedy["summary"] for remedy in finding["remedy"]] == [summary]
    assert (shop.root / "imports").read_text() == "imported\n"


def test_a_script_with_a_group_of_its_own(shop):
    (shop.root / "manage.py").write_text(APP.format(url=shop.url) + SCRIPT)
    status, stdout, stderr = flask(shop, "driftcheck", "compare", program=("manage.py",))
    assert (status, stderr) == (1, "")
    assert "students.name" in stdout


def test_help_and_errors_name_the_command_of_flask(shop):
    status, stdout, _ = flask(shop, "driftcheck", "compare", "--help")
    assert (status, stdout.partition("\n")[0]) == (0, "Usage: flask driftcheck compare [OPTIONS]")
    status, _, stderr = flask(shop, "driftcheck", "compar")
    assert status == 2
    assert "Try 'flask driftcheck --help'" in stderr
    assert "Did you mean 'compare'?" in stderr


def test_flask_loads_almost_nothing():
    (entry,) = entry_points(group="flask.commands", name="driftcheck")
    assert entry.load() is flask_driftcheck
    code = "import click, sys; before = {*sys.modules}; import driftcheck.flask_command; "
    code += "print(sorted({*sys.modules} - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['driftcheck', 'driftcheck.flask_command']"


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ("compare --full", "compare --full --app shop"),
        ("watch --interval 1h", "watch --interval 1h --app shop"),
        ("watch -- compare --grants", "watch -- compare --grants --app shop"),
        ("blame -- -x", "blame --app shop -- -x"),
        ("compare --app other", "compare --app other"),
        ("compare -cother.ini", "compare -cother.ini"),
        ("compare --config=other.ini", "compare --config=other.ini"),
        ("ignore x --reason y", "ignore x --reason y"),
        ("--help", "--help"),
        ("nothing", "nothing"),
    ],
)
def test_the_app_is_named_where_a_command_takes_it(arguments, given):
    parent = click.Context(click.Group("flask"), obj=ScriptInfo(app_import_path="shop"))
    assert " ".join(_with_app(flask_driftcheck, arguments.split(), parent)) == given


def test_an_app_that_cannot_be_named_is_refused():
    parent = click.Context(click.Group("flask"), obj=ScriptInfo(create_app=lambda: None))
    with pytest.raises(click.UsageError, match="Name the app"):
        _with_app(flask_driftcheck, ["compare"], parent)
