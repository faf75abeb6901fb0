"""Tables whose schema the models name and the search path has: autogenerate would drop them."""

import pytest

from tests.kept import variables

TABLES = """Table("schools", metadata, Column("id", Integer, primary_key=True){schema})
Table("pupils", metadata, Column("id", Integer, primary_key=True),
    Column("school_id", ForeignKey("{prefix}schools.id"), index=True){schema})
"""
CREATE = """op.execute("CREATE SCHEMA IF NOT EXISTS school")
op.create_table("schools", sa.Column("id", sa.Integer, primary_key=True), schema="school")
op.create_table("pupils", sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("school_id", sa.Integer, sa.ForeignKey("school.schools.id")), schema="school")
op.create_index("ix_{}pupils_school_id", "pupils", ["school_id"], schema="school")"""
SET_PATH = """
    connection.exec_driver_sql("SET search_path TO school, public")
    connection.commit()
"""
BEGIN = "as connection:\n"


@pytest.fixture
def project(sketch, pg18):
    """Make a project whose env.py sets a search path."""

    def make(index):
        project = sketch(pg18)
        project.variables = variables(pg18)
        project.by_hand("CREATE SCHEMA school")
        project.models(TABLES.format(schema=', schema="school"', prefix="school."))
        project.revision("0001", CREATE.format(index))
        environment = project.root / "migrations" / "env.py"
        environment.write_text(environment.read_text().replace(BEGIN, BEGIN + SET_PATH))
        return project

    return make


def test_a_table_that_autogenerate_takes_for_two_is_one_finding(project):
    project = project("school_")
    project.upgrade()

    findings = project.compare().database["findings"]

    tables = {f["address"]: f for f in findings if "would create and drop" in f["message"]}
    assert set(tables) == {"school.pupils", "school.schools"}
    assert not any("drop_table" in str(f["remedy"]) for f in findings)
    for finding in tables.values():
        assert "Never run these operations" in finding["remedy"][0]["summary"]


def test_the_advice_to_name_the_schema_in_one_place(project):
    project = project("")
    project.upgrade()
    code = "connection.dialect.default_schema_name = 'school'"
    project.models(TABLES.format(schema="", prefix=""))
    environment = project.root / "migrations" / "env.py"
    environment.write_text(environment.read_text().replace(SET_PATH, f"{SET_PATH}    {code}\n"))

    result = project.compare()

    assert [f["message"] for f in result.database["findings"]] == []
