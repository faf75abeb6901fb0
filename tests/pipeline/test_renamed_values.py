"""The advice for an enum of the models with one other value."""


def test_a_value_that_may_have_been_renamed(sketch, pg18):
    project = sketch(pg18)
    project.models(
        'Table("pupils", metadata, Column("state", Enum("new", "waiting", name="states")))'
    )
    column = 'sa.Column("state", sa.Enum("new", "paused", name="states"))'
    project.revision("0001", f'op.create_table("pupils", {column})')
    project.upgrade()

    (finding,) = project.compare().database["findings"]

    (remedy,) = finding["remedy"]
    assert "RENAME VALUE 'paused' TO 'waiting'" in remedy["code"]
    assert "This renames a value, " in remedy["summary"]
