"""What is read can be written on an empty database, and then reads the same."""

from driftcheck.databases.plan import ObjectChange, build, plan
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import undo
from driftcheck.schema import Snapshot

SCOPE = {"owners": True, "grants": True}


def _written(wanted, there, catalog):
    """Statements that make a schema where only what every database has is there."""
    new = {a: obj for a, obj in wanted.objects.items() if a not in there.objects}
    schema = Snapshot(new, "postgresql", "", "public", dependencies=wanted.dependencies)
    made = build(schema, catalog)
    same = [ObjectChange(there.objects[a], wanted.objects[a]) for a in there.objects]
    altered = plan(same, catalog)
    assert all("CREATE SUBSCRIPTION" in step for step in made.manual_steps)
    return (*made.statements, *altered.statements)


def test_what_is_read_and_written_reads_the_same(everything, session, catalog):
    wanted = everything.read(**SCOPE)
    empty = session(everything.server)
    empty.run(*_written(wanted, empty.read(**SCOPE), catalog))
    by_hand = {a for a in wanted.objects if a.kind == "subscription"}
    left = compare(wanted, empty.read(**SCOPE), same_lineage=False)
    assert {change.address for change in left} == by_hand


def test_what_is_extra_can_be_dropped(everything, session, catalog):
    empty = session(everything.server).read()
    extra = compare(empty, everything.base, same_lineage=True)
    dropped = undo(extra, catalog, empty, everything.base)
    everything.run(*dropped.statements)
    (by_hand,) = dropped.manual_steps
    assert "DROP SUBSCRIPTION mirror" in by_hand
    (left,) = compare(empty, everything.read(), same_lineage=True)
    assert str(left.address) == "subscription mirror"


def test_every_kind_is_in_the_schema_that_is_written(newest, catalog):
    held = {address.kind for address in newest.read(**SCOPE).objects}
    missing = {kind.name for kind in catalog.kinds} - held
    assert missing == {"extension"}  # a server may have none but plpgsql


PARTITIONED = """
CREATE TABLE events (id integer, note text) PARTITION BY LIST (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES IN (1);
CREATE TABLE events_2 PARTITION OF events FOR VALUES IN (2);
CREATE INDEX events_2_note ON events_2 (note);
CREATE INDEX events_note ON ONLY events (note);
COMMENT ON INDEX events_note IS 'not yet';
"""


def test_an_index_that_partitions_lack_is_not_given_to_them(session, pg18, catalog):
    original = session(pg18, PARTITIONED).read(**SCOPE)
    copy = session(pg18)
    copy.run(*_written(original, copy.read(**SCOPE), catalog))
    assert compare(original, copy.read(**SCOPE), same_lineage=False) == []
    copy.run("DROP INDEX events_note")
    kept = {address.name for address in copy.read(**SCOPE).objects if address.kind == "index"}
    assert kept == {"events_2_note"}
