"""A project with several databases or tenants: what is proved is told of each of them."""

import sqlite3
from contextlib import closing

import pytest

from tests.actions.adopt.test_acceptance import TEMPLATE, adopted

TENANT = """
from sqlalchemy import text

with create_engine(config.get_main_option("sqlalchemy.url")).connect() as connection:
    with connection.begin():
        connection.execute(text("SET search_path TO north"))
    context.configure(connection=connection, target_metadata=models["metadata"])
    with context.begin_transaction():
        context.run_migrations()
"""
TWO_DATABASES = """
for name in ("first", "second"):
    url = f"sqlite:///{Path(config.config_file_name).parent / name}.db"
    with create_engine(url).connect() as connection:
        context.configure(
            connection=connection,
            upgrade_token=f"{name}_upgrades",
            downgrade_token=f"{name}_downgrades",
        )
        with context.begin_transaction():
            context.run_migrations(name=name)
"""
REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade(name):
    op.create_table("t", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))
"""
FUNCTIONS = """
def upgrade(name):
    globals()[f"upgrade_{name}"]()


def downgrade(name):
    globals()[f"downgrade_{name}"]()

% for name in ("first", "second"):

def upgrade_${name}():
    ${context.get(f"{name}_upgrades", "pass")}


def downgrade_${name}():
    ${context.get(f"{name}_downgrades", "pass")}
% endfor
"""


def with_environment(project, code):
    environment = project.root / "migrations" / "env.py"
    environment.write_text(environment.read_text().partition("engine = ")[0] + code)
    (project.root / "migrations" / "script.py.mako").write_text(TEMPLATE.read_text())
    return project


def test_the_schema_of_a_tenant_is_not_proved_for_other_tenants(sketch, pg18):
    project = with_environment(sketch(pg18), TENANT)
    project.live.execute("CREATE SCHEMA north")
    project.revision("0001", 'op.create_table("t", sa.Column("id", sa.Integer()))')
    project.upgrade()
    project.by_hand("ALTER TABLE north.t ADD name text; CREATE TABLE public.shared (id integer)")
    adoption = adopted(project, pg18)
    assert not adoption.is_proved
    (failed,) = adoption.failed
    assert (failed.succeeded, failed.details) == (None, "The migration names north.")
    assert [each for each in adoption.warnings if "env.py works in the schema north" in each]


@pytest.mark.parametrize("named", [["first", "second"], ["second"]])
def test_the_proof_names_the_databases_if_there_are_several(sketch, named):
    project = with_environment(sketch(), TWO_DATABASES)
    template = project.root / "migrations" / "script.py.mako"
    template.write_text(template.read_text().partition("def upgrade")[0] + FUNCTIONS)
    (project.root / "migrations" / "versions" / "0001.py").write_text(REVISION)
    project.upgrade()
    for name in named:
        with closing(sqlite3.connect(project.root / f"{name}.db")) as connection:
            connection.execute("ALTER TABLE t DROP COLUMN name")
    adoption = adopted(project, None)
    assert adoption.is_proved, (adoption.failed, adoption.text)
    assert adoption.text.count("op.drop_column('t', 'name')") == len(named)
    wanted = {*named} if len(named) > 1 else {""}
    assert {attempt.database for attempt in adoption.attempts} == wanted
