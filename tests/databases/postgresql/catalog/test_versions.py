"""The same statements read the same, whatever major version of the server ran them."""

import pytest

from driftcheck.databases.postgresql.catalog.viewtext import unqualify
from driftcheck.judging.comparison import compare


@pytest.mark.parametrize("other", ["pg15", "pg18"])
def test_every_major_version_reads_alike(everything_on, other):
    here, there = (
        everything_on(live).bases[True].only(lambda obj: "eighteen" not in str(obj.address))
        for live in ("pg16", other)
    )
    assert compare(here, there, same_lineage=True) == []
    assert [obj.number for obj in here.objects.values()] == [
        obj.number for obj in there.objects.values()
    ]


def test_not_null_says_more_than_its_column_from_18_on(session, pg18, catalog):
    live = session(
        pg18,
        "create table plain (a integer not null, b integer constraint named not null)",
        "create table parent (a integer not null no inherit)",
        "create table filled (a integer); insert into filled values (null)",
        "alter table filled add constraint later not null a not valid",
    )
    wanted = live.read()
    constraints = [t for a, t in wanted.objects.items() if a.kind == "not-null constraint"]
    assert [obj.address.path[0] for obj in constraints] == ["parent", "filled"]
    for obj in constraints:
        live.run(*catalog.kind("not-null constraint").drop(obj))
    assert live.read().objects != wanted.objects
    for obj in constraints:
        live.run(*catalog.kind("not-null constraint").create(obj))
    assert compare(wanted, live.read(), same_lineage=True) == []


def test_the_servers_own_views_have_one_text_in_15_and_16(session, pg15, pg16):
    texts = """select relname, pg_get_viewdef(oid) from pg_class
      where relkind = 'v' and relnamespace = 'information_schema'::regnamespace"""
    older, later = (dict(session(server).rows(texts)) for server in (pg15, pg16))
    assert older != later
    assert {name: unqualify(text) for name, text in older.items()} == later
