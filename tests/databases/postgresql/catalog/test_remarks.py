"""What is no part of a schema and worth a note: told of live, never compared."""

import pytest

from driftcheck.judging.comparison import compare
from driftcheck.pipeline.faults.faults import remarked
from driftcheck.schema import Address, Remark

UNFILLED = Remark(
    "live-materialized-view-unpopulated",
    Address("materialized view", "school", ("unfilled",)),
    ("", ""),
)


def test_a_materialized_view_that_is_not_populated(everything):
    assert everything.base.remarks == (UNFILLED,)
    (finding,) = remarked(everything.base.remarks)
    assert finding.message == "materialized view school.unfilled is not populated"
    everything.run("refresh materialized view school.unfilled")
    filled = everything.read()
    assert filled.remarks == ()
    assert compare(everything.base, filled, same_lineage=True) == []


def test_collations_whose_provider_has_another_version(everything):
    rows = everything.rows(
        "select quote_ident(collname), collversion from pg_collation where collversion is not null"
        " and collprovider in ('i', 'b') order by collname limit 1"
    )
    if not rows:
        pytest.skip("no collation of this server has a version")
    ((name, version),) = rows
    everything.run(
        f"create collation school.stale from {name}",
        f"create table school.sorted_by (word text collate {name})",
        "set allow_system_table_mods = on",
        "update pg_collation set collversion = '0.1' where collversion is not null",
    )
    told = [r for r in everything.read().remarks if r.rule == "live-collation-version"]
    used = {"stale", name.strip('"')} - {"pg_c_utf8"}  # what is built in has no dependencies
    assert {r.address.name for r in told} == used
    assert {r.words for r in told} == {("0.1", version)}
    assert all(
        f"version 0.1, but its provider now has version {version}" in f.message
        for f in remarked(told)
    )


def test_settings_are_told_where_they_are_asked_for(newest):
    before = newest.read(settings=True).remarks
    newest.run(
        "create role pupil",
        "alter role pupil set work_mem = '5MB'",
        "do $$ begin"
        " execute format('alter database %I set statement_timeout = %L', current_database(), '5s');"
        " execute format('alter role pupil in database %I set search_path = a, b',"
        "   current_database());"
        " execute format('alter database %I set app.api_key = %L', current_database(), 'x=y');"
        " execute format('alter database %I set app.queue = %L', current_database(),"
        "   'amqp://me:hidden@host/a');"
        " end $$",
    )
    (database,) = newest.rows("select current_database()")[0]
    after = [r for r in newest.read(settings=True).remarks if r not in before]
    assert [(r.rule, r.address.name, *r.words) for r in after] == [
        ("live-setting-of-database", database, "app.api_key", "***"),
        ("live-setting-of-database", database, "app.queue", "***"),
        ("live-setting-of-database", database, "statement_timeout", "5s"),
        ("live-setting-of-role", "pupil", "work_mem", "5MB"),
        ("live-setting-of-role-in-database", "pupil", "search_path", "a, b"),
    ]
    assert [finding.message for finding in remarked(after)][-3:] == [
        f"database {database} sets statement_timeout to 5s",
        "role pupil sets work_mem to 5MB in every database",
        "role pupil sets search_path to a, b in this database",
    ]
    assert newest.read().remarks == (UNFILLED,)
