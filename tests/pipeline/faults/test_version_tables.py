"""Version tables of Alembic are never dropped."""

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
