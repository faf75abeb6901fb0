"""A head on which a revision of another branch depends: Alembic does not record it."""


def test_phantom_operations_are_tried_with_a_cached_history(sketch, pg18):
    """The shadow of a cached history is stamped as an upgrade would leave it.

    The head that depends on the other one is stamped first, because its name sorts first.
    """
    project = sketch(pg18)
    project.models('Table("t", metadata, Column("id", Integer), Column("name", Text))')
    columns = 'sa.Column("id", sa.Integer()), sa.Column("name", sa.Text())'
    project.revision("core", f'op.create_table("t", {columns})')
    addon = project.revision("addon", 'op.execute("CREATE VIEW v AS SELECT id FROM t")')
    addon.write_text(addon.read_text() + '\ndepends_on = "core"\n')
    project.upgrade()
    project.compare()
    project.by_hand("ALTER TABLE t DROP name")
    found = {each["rule"]: each for each in project.compare().database["findings"]}
    assert found.keys() == {"history-several-heads", "drift-column-missing"}
    drift = found["drift-column-missing"]
    assert "op.add_column('t'" in drift["phantom"]["operation"]
