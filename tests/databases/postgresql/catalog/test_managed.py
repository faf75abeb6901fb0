"""Objects that extensions create at run time are not compared.

The test servers do not have these extensions. A row in pg_extension stands for each, with the
objects that its documentation describes.
"""

from driftcheck.judging.comparison import compare

EXTENSION = """
insert into pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
  values ({oid}, '{name}', 10, '{schema}'::regnamespace, false, '1.0')
"""
BASE = f"""
set allow_system_table_mods = on;
create schema partman;
create schema queues;
create table partman.part_config (parent_table text primary key, control text);
create table events (id integer, at date) partition by range (at);
create table "Od.d" (id integer) partition by list (id);
create table plain (id integer) partition by list (id);
insert into partman.part_config values ('public.events', 'at'), ('public.Od.d', 'id');
{EXTENSION.format(oid=90001, name="pg_partman", schema="partman")};
{EXTENSION.format(oid=90002, name="pgmq", schema="queues")};
"""


def test_managed_by_extensions(session, pg18):
    live = session(pg18, BASE)
    base = live.read()
    live.run(
        "create table events_p1 partition of events for values from ('2026-01-01')"
        " to ('2026-02-01') partition by list (id)",
        "create table events_p1_1 partition of events_p1 for values in (1)",
        "create index on events_p1 (id)",
        'create table odd_p1 partition of "Od.d" for values in (1)',
        "create table queues.q_mail (id bigserial primary key, message jsonb)",
        "create index on queues.q_mail ((message -> 'a'))",
    )
    assert compare(base, live.read(), same_lineage=True) == []
    live.run("create table plain_1 partition of plain for values in (1)")
    (change,) = compare(base, live.read(), same_lineage=True)
    assert str(change.address) == "table public.plain_1"


def test_what_an_extension_keeps_for_itself_is_not_asked_for(session, pg18):
    live = session(pg18, BASE, "create role reader", "set local role reader")
    tables = {address.name for address in live.read().objects if address.kind == "table"}
    assert {"events", "part_config"} <= tables
