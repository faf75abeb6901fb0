"""The advice about an operation that creates what exists already, and that it works."""

import pytest

from tests.kept import variables

PLAIN = 'Enum("x", "it\'s", name="kind")'
ID = 'sa.Column("id", sa.Integer, primary_key=True)'
A = f'op.create_table("a", {ID}, sa.Column("k", sa.{PLAIN}))'
C = f'op.create_table("c", {ID}, sa.Column("k", {{type}}))'
MODELS = f"""
from sqlalchemy.dialects import postgresql
Table("a", metadata, Column("id", Integer, primary_key=True), Column("k", {PLAIN}))
Table("c", metadata, Column("id", Integer, primary_key=True), Column("k", {{type}}))
"""


def advice(result, rule):
    (finding,) = [f for f in result.database["findings"] if f["rule"] == rule]
    (remedy,) = finding["remedy"]
    return remedy


def test_an_enum_that_a_revision_creates_again(sketch, pg18):
    project = sketch(pg18)
    project.variables = variables(pg18)
    project.models(MODELS.format(type=PLAIN))
    project.revision("0001", A)
    project.upgrade()
    project.revision("0002", C.format(type=f"sa.{PLAIN}"), "0001")

    remedy = advice(project.compare(), "history-duplicate")

    assert remedy["name"] == "do not create the type"
    assert "give the column of op.create_table('c') this type" in remedy["summary"]
    imported, _, enum = remedy["code"].partition("\n\n")
    project.revision("0002", f"{imported}\n{C.format(type=enum)}", "0001")
    assert project.compare("--only-gap", "pending").status == 0
    project.upgrade()


@pytest.fixture
def would_create_again(sketch, pg18):
    """A project with a new table, for which migrate writes an enum that exists."""
    project = sketch(pg18)
    project.variables = variables(pg18)
    template = "import sqlalchemy as sa\nfrom alembic import op\n${imports if imports else ''}\n"
    template += "revision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n"
    template += "def upgrade():\n    ${upgrades}\ndef downgrade():\n    ${downgrades}\n"
    (project.root / "migrations" / "script.py.mako").write_text(template)
    project.revision("0001", A)
    project.upgrade()
    project.models(MODELS.format(type=PLAIN))
    return project


@pytest.mark.needs("sqlalchemy>=2.0.18")  # the text of a type says that it is not created
def test_an_enum_that_migrate_would_create_again(would_create_again):
    project = would_create_again
    result = project.run("simulate-colleague", "--format", "json")
    remedy = advice(result, "colleague-upgrade-fails")

    assert "op.create_table('c')" in remedy["summary"]
    assert str(project.root) not in remedy["summary"]
    assert "unwritten" not in remedy["summary"]
    project.models(MODELS.format(type=remedy["code"].partition("\n\n")[2]))
    assert project.run("simulate-colleague").status == 0


@pytest.mark.needs("sqlalchemy<2")
def test_an_enum_that_migrate_creates_whatever_the_models_say(would_create_again):
    project = would_create_again
    result = project.run("simulate-colleague", "--format", "json")
    remedy = advice(result, "colleague-upgrade-fails")
    assert remedy["summary"].startswith("In the migration that migrate writes, give the column of")
    imported, _, enum = remedy["code"].partition("\n\n")
    project.revision("0002", f"{imported}\n{C.format(type=enum)}", "0001")
    project.upgrade()
    assert project.compare().status == 0


@pytest.mark.parametrize(
    ("again", "down", "name", "says"),
    [
        (
            'op.add_column("a", sa.Column("n", sa.Integer))',
            'op.drop_column("a", "n")',
            "delete the operation",
            [
                "Delete op.add_column('a', sa.Column('n')) (line 9) from migrations/versions/0002",
                "Delete op.drop_column('a', 'n') (line 12) from its downgrade too",
            ],
        ),
        (
            'op.create_table("a", sa.Column("n", sa.Integer))',
            'op.drop_table("other")',
            "delete the operation",
            ["Delete op.create_table('a') (line 9) from migrations/versions/0002"],
        ),
        (
            'op.execute("CREATE INDEX ix_n ON a (n)")',
            'op.drop_table("b")',
            "change the operation",
            ["Change op.execute('CREATE INDEX ix_n ON a (n)') (line 9)"],
        ),
    ],
)
def test_an_operation_is_named_with_its_downgrade(sketch, again, down, name, says):
    project = sketch()
    project.revision(
        "0001",
        'op.create_table("a", sa.Column("n", sa.Integer))\nop.create_index("ix_n", "a", ["n"])',
    )
    project.upgrade()
    path = project.revision("0002", again, "0001")
    with path.open("a") as file:
        file.write(f"\ndef downgrade():\n    {down}\n")

    remedy = advice(project.compare(), "history-duplicate")

    assert remedy["name"] == name
    for words in says:
        assert words in remedy["summary"]
    assert ("downgrade" in remedy["summary"]) is (len(says) > 1)
