"""What is in a database and is not read is counted; nothing is left out in silence."""

import re

from driftcheck.catalog.base import Scope
from driftcheck.catalog.postgresql import coverage

# Catalogs whose rows are no objects of a schema, parts of such, or shared by all databases.
NO_OBJECTS = frozenset(
    """
    pg_amop pg_amproc pg_attrdef pg_authid pg_auth_members pg_database pg_enum pg_parameter_acl
    pg_propgraph_element pg_publication_namespace pg_publication_rel pg_replication_origin
    pg_tablespace pg_user_mapping
    """.split()
)


def test_everything_is_read_in_the_schema_of_every_kind(everything):
    assert everything.base.not_compared == {}


def test_what_no_kind_reads_is_counted(everything):
    everything.run(
        "create text search parser school.parser (start = prsd_start, gettoken = prsd_nexttoken,"
        " end = prsd_end, lextypes = prsd_lextype)",
        "create text search template school.template (lexize = dsimple_lexize)",
        "create access method heap2 type table handler heap_tableam_handler",
        "create type school.shell",
        "select lo_create(0), lo_create(0)",
    )
    snapshot = everything.read()
    assert snapshot.not_compared == {
        "access method": 1,
        "base type": 1,
        "large object": 2,
        "text search parser": 1,
        "text search template": 1,
    }
    assert snapshot.objects == everything.base.objects


def test_every_catalog_of_the_server_is_read_or_counted(everything, catalog):
    queries = " ".join(kind.query(Scope()) for kind in catalog.kinds)
    known = set(re.findall(r"(?:from|join) (pg_\w+)", queries)) | NO_OBJECTS
    known |= {row[1] for row in coverage._NOT_READ}
    catalogs = everything.rows(
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid"
        " where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r'"
        " and a.attname = 'oid' and a.attnum > 0"
    )
    assert {name for (name,) in catalogs} - known == set()
