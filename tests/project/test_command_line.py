"""The commands that reports show have the user's options, and run."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect

from driftcheck.config.settings import Settings
from driftcheck.process.masking import learn_url
from driftcheck.project.command_line import (
    driftcheck_command,
    flask_command,
    runnable_alembic_command,
)
from tests.conftest import _clean_environment

CALLED = (
    "python -c 'from alembic import command; import package.module; "
    """config = package.module.build(); command.stamp(config, "r2")'"""
)


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({}, "alembic stamp r2"),
        ({"config": "x.ini", "x": ("tenant=a",)}, "alembic -c x.ini -x tenant=a stamp r2"),
        ({"name": "billing", "x": ("a=1", "b=2")}, "alembic -n billing -x a=1 -x b=2 stamp r2"),
        ({"config": "it's here.ini"}, "alembic -c 'it'\"'\"'s here.ini' stamp r2"),
        ({"config": "package.module:build"}, CALLED),
    ],
)
def test_alembic(settings, command, tmp_path):
    for name in ("x.ini", "it's here.ini"):
        (tmp_path / name).touch()
    assert runnable_alembic_command(Settings(root=tmp_path, **settings), "stamp", "r2") == command


@pytest.mark.parametrize(
    ("settings", "command"),
    [
        ({}, "flask db upgrade"),
        ({"app": "x:make(1)"}, "flask --app 'x:make(1)' db upgrade"),
        pytest.param(
            {"app": "x", "directory": "dir", "x": ("tenant=a",)},
            "flask --app x db -d dir -x tenant=a upgrade",
            marks=pytest.mark.needs("flask-migrate>=4"),
        ),
    ],
)
def test_flask(settings, command):
    assert flask_command(Settings(**settings), "upgrade") == command


def test_a_database_that_an_option_names_is_named_again():
    url = "postgresql://app:geheimnis@db/school"
    learn_url(url)
    shown = driftcheck_command(Settings(database_url=url), "compare")
    assert shown == "driftcheck compare --database-url 'postgresql://app:***@db/school'"
    of_variable = Settings(database_url=url, sources={"database_url": "DRIFTCHECK_DATABASE_URL"})
    assert driftcheck_command(of_variable, "compare") == "driftcheck compare"


def test_the_command_for_a_callable_runs(sketch):
    project = sketch()
    project.models('Table("a", metadata, Column("n", Integer))')
    project.revision("0001", 'op.create_table("a", sa.Column("n", sa.Integer))')
    revision = 'op.create_table(op.get_context().config.cmd_opts.x[0], sa.Column("n", sa.Integer))'
    project.revision("0002", revision, "0001")
    (project.root / "built.py").write_text(
        "from alembic.config import Config\ndef config():\n    return Config('alembic.ini')\n"
    )
    settings = Settings(root=project.root, config="built:config", x=("it's b",))
    for words in (["upgrade", "head"], ["stamp", "--purge", "0001", "0002"]):
        shown = shlex.split(runnable_alembic_command(settings, *words))
        subprocess.run([sys.executable, *shown[1:]], check=True, cwd=project.root)
    tables = inspect(create_engine(project.url)).get_table_names()
    assert tables == ["a", "alembic_version", "it's b"]


def test_the_command_that_is_shown_runs(sketch):
    project = sketch()
    project.models('Table("a", metadata, Column("n", Integer))')
    project.revision("0001", 'op.create_table("a", sa.Column("n", sa.Integer))')
    project.by_hand("CREATE TABLE a (n integer)")
    ini = project.root / "alembic.ini"
    (project.root / "x.ini").write_text(ini.read_text().replace("[alembic]", "[billing]"))
    ini.unlink()

    options = ("-c", "x.ini", "-n", "billing", "-x", "tenant=a b")
    result = project.compare(*options)

    (finding,) = [f for f in result.database["findings"] if f["rule"] == "stamp-missing"]
    stamp, locate = (remedy["code"] for remedy in finding["remedy"])
    assert stamp == "alembic -c x.ini -n billing -x 'tenant=a b' stamp REVISION"
    assert locate == "driftcheck locate -c x.ini -n billing -x 'tenant=a b'"
    located = project.run(*shlex.split(locate)[1:])
    assert "the schema is that of 0001" in located.stdout, located
    program, *words = shlex.split(stamp.replace("REVISION", "0001"))
    script = Path(sys.executable).with_name(program)
    done = project.starter.run(program, words, project.root, _clean_environment(), script)
    assert done[0] == 0, done
    assert project.compare(*options).status == 0
