"""Version tables of Alembic are found where Alembic finds them, and are never dropped."""

import pytest

ID = 'Column("id", Integer, primary_key=True)'


def test_the_version_table_of_another_project(sketch):
    project = sketch()
    project.models(f'Table("pupils", metadata, {ID})')
    project.revision(
        "0001", 'op.create_table("pupils", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    project.by_hand("CREATE TABLE versions_of_shop (version_num varchar(32) PRIMARY KEY)")
    database = project.compare().database
    (finding,) = database["findings"]
    assert (finding["rule"], finding["address"]) == ("drift-table-extra", "versions_of_shop")
    (remedy,) = finding["remedy"]
    assert remedy["name"] == "exclude the version table"
    assert "Do not drop it" in remedy["summary"]
    assert "DROP TABLE" not in str(database.get("repair"))

    project.models(
        f'Table("pupils", metadata, {ID})\n{remedy["code"]}\n'
        'options = {"include_object": include_object}'
    )
    assert project.compare().status == 0


CREATES_ITS_SCHEMA = """
op.execute("CREATE SCHEMA IF NOT EXISTS school")
op.create_table("pupils", sa.Column("id", sa.Integer(), primary_key=True))
op.add_column("pupils", sa.Column("age", sa.Integer()))
"""


SETS_SEARCH_PATH = """
    connection.exec_driver_sql("SET search_path TO school, public")
    connection.commit()
    context.configure("""


@pytest.fixture(params=["env.py", "database"])
def later(request, sketch, pg18):
    """A project whose version table is in ``public``, the second schema of the search path.

    Alembic creates its table before the first revision creates the first schema.
    """
    project = sketch(pg18)
    if request.param == "database":
        project.by_hand(f"ALTER DATABASE {project.live.name} SET search_path TO school, public")
        project.live.close()
    else:
        env = project.root / "migrations" / "env.py"
        text = env.read_text()
        assert "\n    context.configure(" in text
        env.write_text(text.replace("\n    context.configure(", SETS_SEARCH_PATH))
    project.models(f'Table("pupils", metadata, {ID}, Column("age", Integer))')
    project.revision("0001", CREATES_ITS_SCHEMA.strip())
    project.upgrade()
    assert project.live.execute("SELECT version_num FROM public.alembic_version") == [("0001",)]
    return project


def test_a_version_table_in_a_later_schema_of_the_search_path(later):
    for _ in range(2):  # the second time from the cache
        result = later.compare()
        assert (result.status, result.database["stamped"]) == (0, ["0001"]), result.stdout


def test_a_database_with_a_later_version_table_is_repaired(later):
    later.by_hand("ALTER TABLE school.pupils DROP age")
    assert later.compare().status == 1
    repaired = later.run("repair", "--apply", "--yes")
    assert repaired.status == 0, repaired.stdout + repaired.stderr
    assert later.compare().status == 0
