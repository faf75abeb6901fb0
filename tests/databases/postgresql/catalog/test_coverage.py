"""Objects that are not read are counted. No object is ignored silently."""

import re

from driftcheck.databases.postgresql.catalog.coverage import COUNTED, NO_SCHEMA, PARTS, READ
from driftcheck.databases.reading import Scope

EVERYTHING = Scope(grants=True, owners=True)


def test_everything_is_read_in_the_schema_of_every_kind(everything):
    assert everything.base.not_compared == {}


def test_what_no_kind_reads_is_counted(everything):
    everything.run(
        "create access method heap2 type table handler heap_tableam_handler",
        "select lo_create(0), lo_create(0)",
        "set allow_system_table_mods = on",
        "insert into pg_seclabel values (16384, 1259, 0, 'anon', 'masked')",
    )
    snapshot = everything.read()
    assert snapshot.not_compared == {
        ("access method", ""): 1,
        ("large object", ""): 2,
        ("security label", ""): 1,
    }
    assert snapshot.objects == everything.base.objects


def test_of_other_schemas_than_those_asked_for_nothing_is_counted(newest):
    newest.run(
        "select lo_create(0)",
        "update pg_proc set prokind = 'x' where oid = 'school.tidy'::regproc",
    )
    assert newest.read(schemas=("public",)).not_compared == {("large object", ""): 1}
    assert ("prokind x routine", "school") in newest.read(schemas=("school",)).not_compared


def test_every_catalog_of_the_server_is_read_a_part_counted_or_of_no_schema(everything):
    catalogs = everything.rows(
        "select relname from pg_class"
        " where relnamespace = 'pg_catalog'::regnamespace and relkind = 'r'"
    )
    known = [*READ, *PARTS, *COUNTED, *NO_SCHEMA]
    assert len(known) == len(set(known))
    assert {name for (name,) in catalogs} - set(known) == set()


def test_the_catalogs_that_are_said_to_be_read_are(catalog):
    queries = " ".join(kind.query(EVERYTHING) for kind in catalog.kinds)
    read = set(re.findall(r"(?:from|join) (pg_\w+)", queries))
    assert set(READ) - read == set()
    by_functions = {"pg_partitioned_table", "pg_subscription_rel", "pg_user_mapping"}
    assert set(PARTS) - read == by_functions


def test_what_a_later_version_brings_is_counted(everything):
    (database,) = everything.rows("select oid from pg_database where datname = current_database()")
    everything.run(
        "set allow_system_table_mods = on",
        "create table pg_catalog.pg_novelty (oid oid, name name)",
        "insert into pg_depend select 'pg_novelty'::regclass, 20000 + i, 0,"
        " 'pg_namespace'::regclass, 2200, 0, 'n' from generate_series(1, 2) i",
        "insert into pg_shdepend"
        f" values ({database[0]}, 'pg_novelty'::regclass, 20002, 0, 1260, 10, 'o'),"
        f" ({database[0]}, 'pg_novelty'::regclass, 20003, 0, 1260, 10, 'o'),"
        " (0, 'pg_novelty'::regclass, 20004, 0, 1260, 10, 'o')",
        "update pg_class set relkind = 'g' where oid = 'school.empty_table'::regclass",
        "update pg_proc set prokind = 'x' where oid = 'school.tidy'::regproc",
    )
    assert everything.read().not_compared == {
        ("pg_novelty object", ""): 3,
        ("relkind g relation", "school"): 1,
        ("prokind x routine", "school"): 1,
    }
