"""What a database still knows: tombstones of dropped columns, and when something was written."""

import re

import pytest

from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.completion.evidence import evidence_of
from driftcheck.sources.live import read_live

BASE = """
create table pupils (id integer primary key, name text, age integer);
create table "Pu.pils" ("na""me" text, "q'" integer);
create function twice(integer, text) returns integer language sql as 'select 1';
create view seen as select id from pupils;
create type mood as enum ('sad');
create schema apart;
"""
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def evidence(database):
    """What a database that was changed knows of the changes, by address."""

    def of(server, *by_hand):
        live = database(server, BASE)
        wanted = read_live(live.url, (), Scope()).snapshot
        for statement in by_hand:
            live.execute(statement)
        actual = read_live(live.url, (), Scope()).snapshot
        changes = compare(wanted, actual, same_lineage=True)
        found = evidence_of(changes, wanted, actual, catalog_for("postgresql"), live.url)
        return {address.sql: live for address, live in found.items()}

    return of


BY_HAND = [
    "alter table pupils drop age",
    'alter table "Pu.pils" drop "q\'"',
    "alter table pupils add nick_name text",
    "alter table pupils alter name set not null",
    "create index by_name on pupils (name)",
    "create or replace function twice(integer, text) returns integer language sql as 'select 2'",
    "comment on view seen is 'x'",
    "alter view seen alter id set default 3",
    "alter type mood add value 'ok'",
    "alter table pupils add constraint named check (name <> '')",
    "create sequence apart.numbers",
]


def test_where_the_server_keeps_no_times(evidence, pg18):
    found = evidence(pg18, *BY_HAND)
    assert {name: (live.tombstone, live.at) for name, live in found.items()} == {
        "public.pupils.age": (3, None),
        'public."Pu.pils"."q\'"': (2, None),
    }


def test_when(evidence, pg16):
    found = evidence(pg16, *BY_HAND)
    assert found["public.pupils.age"].tombstone == 3
    assert set(found) == {
        "public.pupils.age",
        'public."Pu.pils"."q\'"',
        "public.pupils.nick_name",
        "public.pupils.name",
        "public.by_name",
        "public.twice(integer, text)",
        "public.seen",
        "public.mood",
        "public.pupils.named",
        "apart.numbers",
    }
    assert all(TIME.fullmatch(live.at) for live in found.values())
    assert found["public.pupils.age"].text.endswith(found["public.pupils.age"].at)
