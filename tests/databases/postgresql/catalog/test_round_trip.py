"""What is read can be written on an empty database, and then reads the same."""

from driftcheck.databases.plan import ObjectChange, build, plan
from driftcheck.judging.comparison import compare
from driftcheck.pipeline.change_plan import undo
from driftcheck.schema import Snapshot

SCOPE = {"owners": True, "grants": True}


def _written(wanted, there, catalog):
    """Statements that make a schema where only what every database has is there."""
    new = {a: obj for a, obj in wanted.objects.items() if a not in there.objects}
    made = build(Snapshot(new, "postgresql", "", "public"), catalog)
    same = [ObjectChange(there.objects[a], wanted.objects[a]) for a in there.objects]
    altered = plan(same, catalog)
    assert not made.manual_steps
    return (*made.statements, *altered.statements)


def test_what_is_read_and_written_reads_the_same(everything, session, catalog):
    wanted = everything.read(**SCOPE)
    empty = session(everything.server)
    empty.run(*_written(wanted, empty.read(**SCOPE), catalog))
    assert compare(wanted, empty.read(**SCOPE), same_lineage=False) == []


def test_what_is_extra_can_be_dropped(everything, session, catalog):
    empty = session(everything.server).read()
    extra = compare(empty, everything.base, same_lineage=True)
    everything.run(*undo(extra, catalog).statements)
    assert compare(empty, everything.read(), same_lineage=True) == []


def test_every_kind_is_in_the_schema_that_is_written(newest, catalog):
    held = {address.kind for address in newest.read(**SCOPE).objects}
    missing = {kind.name for kind in catalog.kinds} - held
    assert missing == {"extension"}  # a server may have none but plpgsql
