"""Digests of values, by which a trial finds out whether a plan has kept them."""

from driftcheck.schema import Address

ROWS = Address("table", "public", ("rows",))


def digests(catalog, session):
    return catalog.value_digests(session.connection, {ROWS: ("word", "other")})


def test_digests_of_values(catalog, session, pg16):
    """The order of the rows makes no difference; another value does, also if it is NULL."""
    session = session(pg16, "create table rows (word text, other int)")
    empty = digests(catalog, session)
    assert empty[ROWS, ""] == "0"
    session.run("insert into rows values ('null', 1), ('a', 1), (null, 2)")
    before = digests(catalog, session)
    assert before[ROWS, ""] == "3"
    assert before[ROWS, "word"] != empty[ROWS, "word"]
    session.run("update rows set word = 'a' where word = 'a'")
    assert digests(catalog, session) == before
    session.run("update rows set word = null where word = 'null'")
    after = digests(catalog, session)
    assert after[ROWS, "word"] != before[ROWS, "word"]
    assert after[ROWS, "other"] == before[ROWS, "other"]
