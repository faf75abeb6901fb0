"""The state of a database changes with all that findings can depend on, and with nothing else."""

import pytest

CHANGES = [
    "alter table pupils drop age",
    "alter table pupils add age integer",  # the attributes are those of the first table
    "create index by_name on pupils (name)",
    "drop index by_name",
    "alter table pupils owner to somebody",
    "alter role somebody rename to another",
    "grant select on pupils to another",
    "revoke select on pupils from another",
    "insert into pupils (name) values ('a')",
    "truncate pupils",
    "create view seen as select id from pupils",
    "comment on view seen is 'x'",
]
THE_SAME = [
    "insert into pupils (name) values ('b')",
    "update pupils set name = 'c'",
    "delete from pupils",
    "analyze pupils",
    "select nextval('pupils_id_seq')",
]
BASE = "create table pupils (id serial primary key, name text, age integer)"


@pytest.mark.parametrize("server", ["pg15", "pg18"])
def test_each_change_makes_another_state(request, session, catalog, server):
    opened = session(request.getfixturevalue(server), BASE, "create role somebody")
    state = catalog.state(opened.connection)
    for statement in CHANGES:
        opened.run(statement)
        before, state = state, catalog.state(opened.connection)
        assert None is not state != before, statement


def test_more_rows_are_the_same_state(session, catalog, pg18):
    opened = session(pg18, BASE, "insert into pupils (name) values ('a')")
    state = catalog.state(opened.connection)
    opened.connection.commit()
    for statement in THE_SAME:
        opened.run(statement)
        opened.connection.commit()
        assert catalog.state(opened.connection) == state, statement


def test_what_else_the_server_has_does_not_count(session, catalog, database, pg18):
    opened = session(pg18, BASE)
    opened.connection.commit()
    state = catalog.state(opened.connection)
    opened.connection.commit()
    database(pg18)
    opened.run("create role somebody")
    assert catalog.state(opened.connection) == state


def test_a_server_that_keeps_times_has_no_state(session, catalog, pg16):
    assert catalog.state(session(pg16, BASE).connection) is None
