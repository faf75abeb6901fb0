"""Reading leaves a database, its transaction and its session as they were."""

import hashlib
import json
import time

import pytest
from psycopg2 import extensions

from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CatalogError
from driftcheck.judging.comparison import compare
from driftcheck.schema import HIDDEN, Address
from driftcheck.storage.snapshot_file import FORMAT

SETTINGS = "select name, setting from pg_settings where name not like 'transaction%' order by name"


def test_the_session_stays_as_it_was(everything):
    everything.run("set search_path = school, public", "set local work_mem = '5MB'")
    before = everything.rows(SETTINGS)
    snapshot = everything.read()
    assert everything.rows(SETTINGS) == before
    assert snapshot.default_schema == "school"


def test_it_reads_in_a_read_only_transaction(everything):
    expected = everything.read().objects
    everything.connection.rollback()
    everything.run("set transaction isolation level repeatable read, read only")
    assert everything.read().objects == expected
    assert everything.rows("show transaction_read_only") == [("on",)]


@pytest.mark.parametrize(
    "setting",
    [
        "search_path = school",
        "search_path = ''",
        "quote_all_identifiers = on",
        "timezone = 'Asia/Kathmandu'",
        "datestyle = 'German'",
        "intervalstyle = 'sql_standard'",
        "bytea_output = 'escape'",
    ],
)
def test_the_session_has_no_say_in_what_is_read(everything, setting):
    everything.run(
        "create view school.literals as select '\\x00ff'::bytea as b, interval '1 day 2 s' as i,"
        " timestamptz '2020-01-02' as t"
    )
    expected = everything.read().objects
    everything.run(f"set {setting}")
    assert everything.read().objects == expected


def test_a_role_without_any_privilege_reads_the_same(everything):
    everything.run("create role nobody_at_all nologin", "set local role nobody_at_all")
    snapshot = everything.read()
    assert everything.rows("select has_schema_privilege('school', 'create')") == [(False,)]
    assert catalog_for("postgresql").read_again(everything.connection, Scope(), None).marks
    names = ("far", "PUBLIC"), ("near", "pg_monitor")
    mappings = {Address("user mapping", "", path) for path in names}
    assert {snapshot.objects[each].attributes["options"] for each in mappings} == {HIDDEN}
    assert snapshot.not_compared == {("user mapping option list", ""): 2}
    assert compare(everything.base, snapshot, same_lineage=True) == []
    base = everything.base.objects
    assert {a for a, obj in snapshot.objects.items() if obj != base[a]} == mappings
    assert len(snapshot.objects) == len(base)
    assert snapshot.remarks == everything.base.remarks
    everything.run(
        "reset role",
        "alter server far owner to nobody_at_all",
        "drop user mapping for pg_monitor server near",
        "set local role nobody_at_all",
    )
    assert everything.read().not_compared == {}


def test_temporary_tables_cannot_stand_in_for_the_catalog(everything):
    expected = everything.read().objects
    everything.run(
        "create temporary table pg_class (oid oid)", "create temporary table students (n integer)"
    )
    assert everything.read().objects == expected


def test_no_default_schema_is_public(everything):
    everything.run("set search_path = nowhere")
    assert everything.read().default_schema == "public"


def test_only_the_schemas_asked_for(everything):
    schemas = {a.schema for a in everything.read(schemas=("public",)).objects}
    assert schemas <= {"", "public"}
    assert Address("schema", "", ("school",)) not in everything.read(schemas=("public",)).objects


def test_version_tables_are_left_out_with_their_parts(everything):
    hidden = everything.read(version_tables=frozenset([("school", "lessons")]))
    gone = set(everything.read().objects) - set(hidden.objects)
    assert {address.path[0] for address in gone} >= {"lessons", "lessons_room"}
    assert {address.kind for address in gone} >= {"table", "column", "index", "foreign key"}


def test_what_belongs_to_an_extension_is_left_out(session, pg15):
    live = session(pg15)
    before = live.read()
    live.run("create schema ext", "create extension hstore schema ext", "create extension citext")
    new = set(live.read().objects) - set(before.objects)
    assert {str(address) for address in new} == {
        "schema ext",
        "extension hstore",
        "extension citext",
    }


def test_an_aborted_transaction_is_told_and_left(everything):
    with pytest.raises(Exception, match="nowhere"):
        everything.run("select nowhere")
    with pytest.raises(CatalogError):
        everything.read()


def test_owners_and_grants_count_only_where_asked_for(everything):
    table = Address("table", "school", ("students",))
    assert not {"owner", "grants"} & set(everything.read().objects[table].attributes)
    everything.run(
        "create role reader", "grant select, update on school.students to reader with grant option"
    )
    attributes = everything.read(owners=True, grants=True).objects[table].attributes
    (superuser,) = everything.rows("select current_user")[0]
    assert attributes["owner"] == superuser
    assert attributes["grants"] == (
        ("reader", "SELECT", "WITH GRANT OPTION"),
        ("reader", "UPDATE", "WITH GRANT OPTION"),
    )


TABLE = "create table t%s (id serial primary key, name text unique default 'none')"


def _statements_to_read(live):
    """Read a schema, and return how many statements were sent."""
    sent = []

    class Cursor(extensions.cursor):
        def execute(self, *arguments):
            sent.append(arguments)
            return super().execute(*arguments)

    live.connection.cursor_factory = Cursor
    live.read()
    live.connection.cursor_factory = None
    return len(sent)


def test_more_tables_take_no_more_statements(session, pg16):
    live = session(pg16, *(TABLE % n for n in range(2)))
    few = _statements_to_read(live)
    live.run(*(TABLE % n for n in range(2, 40)))
    assert 10 < few == _statements_to_read(live)


def test_equal_names_and_equal_attributes_exist_once(session, pg16):
    live = session(pg16, *(TABLE % n for n in range(40)))
    objects = live.read().objects.values()
    names = [name for obj in objects for name in (obj.address.schema, *obj.address.path)]
    assert len({id(name) for name in names}) == len(set(names))
    columns = [obj.attributes for obj in objects if obj.address.path[-1] == "name"]
    assert len(columns) == 40
    assert len({id(attributes) for attributes in columns}) == 1


def test_few_rows_of_a_query_exist_at_any_time(session, pg16):
    live = session(pg16, *(TABLE % n for n in range(600)))
    fetched = []

    class Cursor(extensions.cursor):
        def fetchall(self):
            rows = super().fetchall()
            fetched.append(len(rows))
            return rows

        def fetchmany(self, size):
            rows = super().fetchmany(size)
            fetched.append(len(rows))
            return rows

    live.connection.cursor_factory = Cursor
    columns = [a for a in live.read(dependencies=False).objects if a.kind == "column"]
    assert 600 < max(fetched) < len(columns) == 1200


def _seconds_to_read(live):
    times = []
    for _ in range(3):
        start = time.perf_counter()
        live.read()
        times.append(time.perf_counter() - start)
    return min(times)


def test_ten_times_the_tables_take_no_hundred_times_as_long(session, pg16):
    table = """create table t%s (id serial primary key, parent integer references t%s, a text
        unique, b integer check (b > 0), c numeric(10, 2) default 0, d timestamptz default now(),
        e jsonb, f uuid, g date, h text, i boolean not null default false, j varchar(80));
      create index on t%s (j); comment on column t%s.a is 'a'; comment on column t%s.b is 'b'"""
    live = session(pg16, *(table % (n, max(n - 1, 0), n, n, n) for n in range(40)))
    few = _seconds_to_read(live)
    live.run(*(table % (n, n - 1, n, n, n) for n in range(40, 400)))
    many = _seconds_to_read(live)
    assert len(live.read().objects) == 1 + 400 * (1 + 12 + 1 + 1 + 1 + 1 + 1 + 1)
    assert many < 30 * few  # a join that is not hashed takes its square


def test_an_unknown_database_is_refused():
    with pytest.raises(CatalogError, match="oracle"):
        catalog_for("oracle")


def test_the_format_of_snapshots_is_raised_with_what_is_read(newest):
    """A cache of replays and a base snapshot must not be taken for what would be read now."""
    read = {}
    for address, obj in newest.bases[True].objects.items():
        read.setdefault(address.kind, set()).update(obj.attributes)
    said = json.dumps({kind: sorted(names) for kind, names in sorted(read.items())})
    shape = hashlib.sha256(said.encode()).hexdigest()[:12]
    assert (FORMAT, shape) == (5, "b5350fcafa4c"), "raise FORMAT, and write both of them here"
