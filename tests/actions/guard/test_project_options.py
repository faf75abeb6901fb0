"""The check of the guard is made for the project that the running command names."""

from argparse import Namespace

import click
import pytest
from alembic.config import Config
from flask import Flask
from flask.cli import ScriptInfo
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

from driftcheck.actions.guard.project_options import project_options
from driftcheck.config.settings import Settings


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FLASK_APP", raising=False)
    for name in ("alembic.ini", "other.ini"):
        (tmp_path / name).write_text("[alembic]\n[tenants]\n")
    return tmp_path


def config(name, section="alembic", x=None):
    return Config(name, ini_section=section, cmd_opts=Namespace(x=x))


def test_what_driftcheck_finds_by_itself_is_not_named(root):
    assert project_options(config("alembic.ini"), Settings(root)) == []
    assert project_options(config("other.ini"), Settings(root, config="other.ini")) == []
    named = Settings(root, name="tenants", x=("a=1",))
    assert project_options(config("alembic.ini", "tenants", ["a=1"]), named) == []


def test_what_the_command_names_is_named(root):
    options = project_options(config("other.ini", "tenants", ["a=1", "b"]), Settings(root))
    assert options == ["--config=other.ini", "--name=tenants", "-xa=1", "-xb"]


def test_alembic_is_named_where_driftcheck_would_take_the_app(root, monkeypatch):
    monkeypatch.setenv("FLASK_APP", "school")
    assert project_options(config("alembic.ini"), Settings(root)) == ["--config=alembic.ini"]
    monkeypatch.delenv("FLASK_APP")
    assert project_options(config("alembic.ini"), Settings(root, app="school")) == [
        "--config=alembic.ini"
    ]


@pytest.mark.parametrize(
    ("info", "settings", "expected"),
    [
        (ScriptInfo(app_import_path="school:app"), {}, ["--app=school:app"]),
        (ScriptInfo(app_import_path="school:app"), {"app": "school:app"}, []),
        (ScriptInfo(), {}, []),  # flask itself has found the app, as driftcheck will
        (ScriptInfo(create_app=lambda: None), {}, ["--app=school"]),
        (ScriptInfo(create_app=lambda: None), {"app": "other"}, []),
    ],
)
def test_a_flask_app(root, info, settings, expected):
    app = Flask("school")
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    migrate = Migrate(app, SQLAlchemy(app))
    with app.app_context(), click.Context(click.Command("migrate"), obj=info):
        given = Settings(root, **settings)
        assert project_options(migrate.get_config(), given) == expected
        other = [*expected, "--directory=elsewhere"]
        assert project_options(migrate.get_config("elsewhere"), given) == other
