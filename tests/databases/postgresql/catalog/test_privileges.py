"""Owners and privileges are compared on request only. ``drift/`` contains their cases."""

from driftcheck.judging.comparison import compare


def test_all_privileges_are_the_same_set_in_every_version(session, pg15, pg18):
    statements = ("create table t ()", "grant all on t to pg_monitor")
    here, there = (
        session(server, *statements).read(owners=True, grants=True) for server in (pg15, pg18)
    )
    assert compare(here, there, same_lineage=True) == []
