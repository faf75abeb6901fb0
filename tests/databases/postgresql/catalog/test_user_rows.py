"""A kind is asked for wherever there is an object of it."""

from driftcheck.databases.postgresql.catalog import KINDS
from driftcheck.databases.postgresql.catalog.user_rows import USER_ROWS, kinds_with_rows


def test_every_object_has_a_row_that_shows_it(everything):
    objects = everything.bases[True].objects
    for kind in KINDS:
        own = USER_ROWS.get(kind.catalog, "x.oid >= 16384")
        rows = f"select count(*) from {kind.catalog} x where {own} and {kind.rows}"
        ((shown,),) = everything.rows(rows)
        columns = kind.catalog == "pg_class" and kind.name == "column"  # one row for all of them
        least = 1 if columns else sum(address.kind == kind.name for address in objects)
        assert shown >= least, kind.name


def test_nothing_else_is_asked_for(session, pg18):
    new = session(pg18)

    def names():
        with new.connection.cursor() as cursor:
            asked_for = [kind.name for kind in kinds_with_rows(KINDS, cursor)]
        asked_for.remove("privileges")  # every database has initial privileges
        return asked_for

    assert names() == ["schema"]
    new.run("CREATE TABLE one (id integer)", "CREATE VIEW two AS SELECT 1 AS id")
    assert names() == ["schema", "table", "column", "view"]
    new.run("DROP SCHEMA public CASCADE")
    assert names() == []
    new.run("CREATE SCHEMA public")
    assert names() == ["schema"]
