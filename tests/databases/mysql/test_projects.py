"""Projects on MariaDB, whose engine is the application's own: it lives as long as the process."""

import json
import os
import subprocess
import sys

import pytest
from sqlalchemy.engine import make_url

ENVIRONMENT = """\
from alembic import context

from models import engine, metadata

with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
"""
MODELS = """\
import os
from sqlalchemy import *

metadata = MetaData()
engine = create_engine({url!r}, pool_size=3)
Table("boxes", metadata, Column("id", Integer, primary_key=True), Column("colour", Integer))
"""
APP = """\
import os
from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = os.environ["DATABASE_URL"]
db = SQLAlchemy(app)
Migrate(app, db)


class Box(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(20), nullable=False)
"""


def rules(result):
    assert result.stdout, result.stderr
    (database,) = json.loads(result.stdout)["databases"]
    return [(finding["rule"], finding["address"]) for finding in database["findings"]]


@pytest.fixture
def project(sketch, mariadb_database):
    """Make a project whose env.py uses the one engine of its models."""
    live = mariadb_database()
    made = sketch()
    made.name_database(live.text_url)
    made.live, made.url = live, live.text_url
    (made.root / "alembic.ini").write_text(
        "[alembic]\nscript_location = %(here)s/migrations\nprepend_sys_path = %(here)s\n"
    )
    (made.root / "migrations" / "env.py").write_text(ENVIRONMENT)
    (made.root / "models.py").write_text(MODELS.format(url=live.text_url))
    made.revision("0001", 'op.create_table("boxes", sa.Column("id", sa.Integer, primary_key=True))')
    live.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)",
        "INSERT INTO alembic_version VALUES ('0001')",
        "CREATE TABLE boxes (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY)",
    )
    return made


def test_one_engine_for_several_shadow_databases(project):
    result = project.run("compare", "--format", "json")

    assert rules(result) == [("pending-column-missing", "boxes.colour")]
    assert result.status == 1
    assert project.run("simulate-colleague").status in (0, 1)
    assert project.run("locate").status == 0


def test_an_altered_collation_of_the_database_is_one_finding(project):
    project.live.execute("ALTER DATABASE COLLATE utf8mb4_unicode_ci")

    found = rules(project.run("compare", "--format", "json", "--only-gap", "drift"))

    assert found == [("drift-database-changed", "defaults")]


def test_a_revision_that_failed_halfway(project):
    """The server has committed its first statement. No statements are tried, so none are shown."""
    halfway = 'op.create_table("lids", sa.Column("id", sa.Integer()))'
    last = 'op.add_column("boxes", sa.Column("colour", sa.Integer()))'
    project.revision("0002", f"{halfway}\n{last}", "0001")
    project.by_hand("CREATE TABLE lids (id integer)")
    result = project.run("compare", "--format", "json")
    (database,) = json.loads(result.stdout)["databases"]
    findings = database["findings"]
    cause = next(f for f in findings if f["rule"] == "stamp-behind-in-part")
    (remedy,) = cause["remedy"]
    assert remedy["name"] == "finish or undo the revision"
    assert "alembic stamp 0002" in remedy["summary"]
    upgrades = [r["summary"] for f in findings for r in f["remedy"] if r["name"] == "upgrade"]
    assert all(summary.startswith("An upgrade fails now.") for summary in upgrades)


def test_a_migration_may_alter_the_collation_of_its_database(project):
    lines = 'op.execute("ALTER DATABASE COLLATE utf8mb4_unicode_ci")'
    project.revision("0002", lines, after="0001")
    project.live.execute(
        "ALTER DATABASE COLLATE utf8mb4_unicode_ci",
        "UPDATE alembic_version SET version_num = '0002'",
    )

    found = rules(project.run("compare", "--format", "json"))

    assert found == [("pending-column-missing", "boxes.colour")]


@pytest.mark.needs("alembic>=1.12")  # compares types without being told to
def test_an_operation_without_a_name_belongs_to_the_key_that_it_creates(project):
    """A foreign key and a unique constraint, which the server names."""
    columns = 'Column("parent", ForeignKey("boxes.id")), Column("colour", Integer, unique=True)'
    models = (project.root / "models.py").read_text()
    models = models.replace('Column("colour", Integer)', f'{columns}, Column("size", Integer)')
    (project.root / "models.py").write_text(models)
    keys = 'sa.ForeignKeyConstraint(["parent"], ["boxes.id"]), sa.UniqueConstraint("colour")'
    columns = ", ".join(f'sa.Column("{name}", sa.Integer)' for name in ("parent", "colour", "size"))
    project.revision(
        "0001",
        'op.create_table("boxes", sa.Column("id", sa.Integer, primary_key=True), '
        f"{columns}, {keys})",
    )
    project.live.execute(
        "ALTER TABLE boxes ADD parent INT, ADD colour INT, ADD size BIGINT, ADD INDEX (parent)"
    )

    (database,) = json.loads(project.run("compare", "--format", "json").stdout)["databases"]

    found = {
        finding["address"]: (finding["phantom"] or {}).get("operation", "").partition("(")[0]
        for finding in database["findings"]
    }
    assert found["boxes.boxes_ibfk_1"] == "op.create_foreign_key"
    assert found["boxes.colour"] == "op.create_unique_constraint"
    assert found["boxes.size"].endswith("op.alter_column")


def test_an_app_with_flask_migrate(tmp_path, mariadb_database):
    live = mariadb_database()
    (tmp_path / "app.py").write_text(APP)
    environment = {**os.environ, "DATABASE_URL": live.text_url}

    def run(*command):
        return subprocess.run(
            [sys.executable, "-m", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    for command in (("init",), ("migrate", "-m", "first"), ("upgrade",)):
        done = run("flask", "db", *command)
        assert done.returncode == 0, done.stderr

    def compared():
        return rules(run("driftcheck", "compare", "--format", "json"))

    assert compared() == []
    live.execute("ALTER TABLE box MODIFY name VARCHAR(30) NOT NULL")
    assert compared() == [("drift-column-changed", "box.name")]
    (tmp_path / "app.py").write_text(APP + "    height = db.Column(db.Integer)\n")
    assert sorted(compared()) == [
        ("drift-column-changed", "box.name"),
        ("pending-column-missing", "box.height"),
    ]
    for command in ("simulate-colleague", "locate"):
        assert run("driftcheck", command).returncode in (0, 1)


@pytest.mark.parametrize("where", ["models", "revision"])
def test_a_statement_that_names_the_live_database_is_refused(project, where):
    """A database is a schema in MySQL, so such a statement reaches it from a shadow database."""
    live = project.live
    named = f"schema={make_url(live.text_url).database!r}"
    if where == "models":
        (project.root / "models.py").write_text(
            MODELS.format(url=live.text_url)
            + f'Table("lids", metadata, Column("id", Integer, primary_key=True), {named})\n'
        )
    else:
        project.revision("0002", f'op.drop_table("boxes", {named})', after="0001")
    result = project.run("compare")

    assert result.status == 3, result.stdout
    assert "would write in the database" in result.stderr
    assert [*live.execute("SHOW TABLES")] == [("alembic_version",), ("boxes",)]
