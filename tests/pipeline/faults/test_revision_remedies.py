"""The remedies of a revision that fails are chosen by the message of the failure."""

import pytest

from driftcheck.pipeline.faults.revision_remedies import revision_remedies

MODELS = 'Table("t", metadata, Column("id", Integer, primary_key=True))'
ID = 'sa.Column("id", sa.Integer(), primary_key=True)'


def remedies(result):
    (finding,) = (f for f in result.database["findings"] if f["rule"] == "history-broken")
    return finding["remedy"]


def test_a_value_of_an_enum_that_is_used_before_it_is_committed(sketch, pg18):
    """The advice works: an autocommit block commits the value."""
    project = sketch(pg18)
    project.models(MODELS)
    table = f'op.create_table("t", {ID}, sa.Column("k", sa.Enum("a", name="kind")))'
    add = "op.execute(\"ALTER TYPE kind ADD VALUE 'b'\")"
    use = "op.execute(\"UPDATE t SET k = 'b'\")"
    project.revision("0001", table)
    project.upgrade()
    project.revision("0002", f"{add}\n{use}", "0001")
    advice = remedies(project.compare())[0]
    assert advice["name"] == "use an autocommit block"
    block = advice["code"].replace("...", add)
    project.revision("0002", f"{block}\n{use}", "0001")
    assert "history-broken" not in [rule for rule, _ in project.compare().findings]


def test_an_environment_variable_that_a_revision_reads(sketch, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    project.revision("0001", f'import os\nos.environ["TENANT_OF_R1"]\nop.create_table("t", {ID})')
    advice = remedies(project.compare())[0]
    assert advice["name"] == "set the environment variable"
    assert "TENANT_OF_R1" in advice["summary"]


@pytest.mark.parametrize(
    ("message", "name", "words"),
    [
        ("NameError: name 'sqlmodel' is not defined", "import the name", "Import sqlmodel in"),
        ("ValueError: Constraint must have a name", "name the constraints", "naming_convention"),
        (
            'could not open extension control file "/usr/share/extension/postgis.control"',
            "use a server that has the extension",
            "does not have postgis",
        ),
    ],
)
def test_a_known_message(message, name, words):
    (remedy,) = revision_remedies(message)
    assert remedy.name == name
    assert words in remedy.summary


@pytest.mark.parametrize(
    ("message", "statement"),
    [
        ('type "citext" does not exist', "CREATE EXTENSION citext;"),
        ('type "vector[]" does not exist', "CREATE EXTENSION vector;"),
        ("function uuid_generate_v4() does not exist", 'CREATE EXTENSION "uuid-ossp";'),
        (
            'operator class "gin_trgm_ops" does not exist for access method "gin"',
            "CREATE EXTENSION pg_trgm;",
        ),
    ],
)
def test_an_extension_that_no_migration_creates(message, statement):
    """The embedded server of the tests has none of these extensions."""
    (remedy,) = revision_remedies(message)
    assert remedy.name == "create the extension first"
    assert remedy.code == statement


@pytest.mark.parametrize(
    "message",
    [
        'type "mood" does not exist',
        "function school.total(integer) does not exist",
        "no such table: t",
    ],
)
def test_an_unknown_message(message):
    assert not [*revision_remedies(message)]
