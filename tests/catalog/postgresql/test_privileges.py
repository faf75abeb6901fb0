"""Owners and privileges are told, undone and done again where they count."""

from driftcheck.checking.undoing import redo, undo
from driftcheck.comparison import compare

SCOPE = {"owners": True, "grants": True}

CASES = [  # each is about a thing of its own, or the same as another's
    ("grant delete on school.scratch to pg_monitor", "table school.scratch"),
    ("revoke grant option for insert on school.scratch from pg_monitor", "table school.scratch"),
    ("alter table school.scratch owner to pg_monitor", "table school.scratch"),
    ("revoke update (name) on school.students from public", "column school.students.name"),
    ("grant select (id) on school.students to pg_monitor", "column school.students.id"),
    ("grant usage on sequence school.tickets to pg_monitor", "sequence school.tickets"),
    ("revoke all on school.names from pg_monitor", "view school.names"),
    ("grant select on school.summary to public", "materialized view school.summary"),
    ("grant select on school.elsewhere to public", "foreign table school.elsewhere"),
    ("revoke execute on function school.touch() from public", "function school.touch()"),
    ("grant execute on procedure school.tidy to pg_monitor", "procedure school.tidy(integer)"),
    (
        "revoke execute on function school.total(numeric) from public",
        "aggregate school.total(numeric)",
    ),
    ("revoke usage on type school.mood from public", "enum school.mood"),
    ("revoke usage on type school.grade from public", "domain school.grade"),
    ("grant create on schema school to pg_monitor", "schema school"),
    ("revoke usage on foreign server far from pg_monitor", "server far"),
    ("revoke usage on language shell from public", "language shell"),
    (
        "grant usage on foreign data wrapper wrapper to pg_monitor",
        "foreign data wrapper wrapper",
    ),
    ("alter publication partly owner to pg_monitor", "publication partly"),
    (
        "alter default privileges in schema school grant insert on tables to pg_monitor",
        'default privileges school.postgres."TABLES"',
    ),
    (
        "alter default privileges grant execute on functions to public",
        'default privileges postgres."FUNCTIONS"',
    ),
]


def test_privileges(everything, catalog):
    (user,) = everything.rows("select current_user")[0]
    base = everything.read(**SCOPE)
    everything.run(*(statement for statement, _ in CASES))
    drifted = everything.read(**SCOPE)
    changes = compare(base, drifted, same_lineage=True)
    told = {address.replace("postgres.", f"{user}.") for _, address in CASES}
    assert {str(change.address) for change in changes} == told
    everything.run(*undo(changes, catalog).statements)
    assert compare(base, everything.read(**SCOPE), same_lineage=True) == []
    everything.run(*redo(changes, catalog).statements)
    assert compare(drifted, everything.read(**SCOPE), same_lineage=True) == []


def test_all_privileges_are_the_same_set_in_every_version(request, session, pg15, pg18):
    statements = ("create table t ()", "grant all on t to pg_monitor")
    here, there = (session(server, *statements).read(**SCOPE) for server in (pg15, pg18))
    assert compare(here, there, same_lineage=True) == []
