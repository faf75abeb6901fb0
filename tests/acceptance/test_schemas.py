"""--schema: of all sides, only the objects of the schemas that were asked for."""

import pytest

from tests.kept import variables

MODELS = """
Table("students", metadata, Column("id", Integer))
Table("bills", metadata, Column("id", Integer), schema="billing")
Table("new", metadata, Column("id", Integer))
Table("new", metadata, Column("id", Integer), schema="billing")
options = {"include_schemas": True}
"""
REVISION = """
op.create_table("students", sa.Column("id", sa.Integer()))
op.execute("CREATE SCHEMA billing")
op.create_table("bills", sa.Column("id", sa.Integer()), schema="billing")
"""
BY_HAND = "ALTER TABLE students ADD a integer; ALTER TABLE billing.bills ADD a integer"
IN_PUBLIC = [
    ("drift-column-extra", "public.students.a"),
    ("pending-table-missing", "public.new"),
]
IN_BILLING = [
    ("drift-column-extra", "billing.bills.a"),
    ("pending-table-missing", "billing.new"),
]


@pytest.fixture(scope="module")
def project(sketch, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    project.revision("0001", REVISION)
    project.upgrade()
    project.by_hand(BY_HAND)
    project.look = lambda *options: project.compare(*options, **variables(pg18))
    return project


@pytest.mark.parametrize(
    ("options", "found", "tables"),
    [
        ("", [*IN_BILLING, *IN_PUBLIC], 2),
        ("--schema public", IN_PUBLIC, 1),
        ("--schema billing", IN_BILLING, 1),
    ],
)
def test_compare(project, options, found, tables):
    result = project.look(*options.split())
    assert result.findings == sorted(found), result.stderr
    assert result.database["stamped"] == ["0001"]
    assert result.database["coverage"]["compared"]["tables"] == tables


def test_the_configuration_says_it_too(project):
    (project.root / "pyproject.toml").write_text('[tool.driftcheck]\nschemas = ["billing"]\n')
    assert project.look().findings == IN_BILLING
    (project.root / "pyproject.toml").unlink()


def test_a_schema_that_is_not_there(project):
    result = project.look("--schema", "nowhere")
    assert result.findings == []
    assert result.status == 3


def test_diff(project, database, pg18):
    other = database(pg18, "CREATE SCHEMA billing; CREATE TABLE billing.bills (id integer)")
    options = ["diff", project.url, other.text_url, "--format", "json"]
    found = project.run(*options, "--schema", "billing").findings
    assert found == [("difference-column-missing", "billing.bills.a")]
    assert ("difference-table-missing", "public.students") in project.run(*options).findings
