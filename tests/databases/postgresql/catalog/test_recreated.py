"""An object that is dropped and created again keeps its parts."""

import pytest

from driftcheck.judging.comparison import compare
from driftcheck.pipeline.change_plan import redo, undo

BASE = """
create table students (id integer primary key, name text);
create materialized view names as select id, name from students;
create unique index names_id on names (id);
create index names_name on names (name);
create view pupils as select id, name from students;
create function touch() returns trigger language plpgsql as 'begin return new; end';
create trigger touched instead of update on pupils for each row execute function touch();
create rule quiet as on delete to pupils do instead nothing;
"""
AGAIN = """
drop materialized view names;
create materialized view names as select id, name || '!' as name from students;
create unique index names_id on names (id);
"""
BY_HAND = {
    "an index as it was, one missing": AGAIN,
    "an index another, one more": AGAIN
    + "create index names_name on names (name desc); create index more on names (id, name);",
    "a view with one trigger less": """
        drop view pupils;
        create view pupils as select name, id from students;
        create rule quiet as on delete to pupils do instead nothing;
        create trigger more instead of insert on pupils for each row execute function touch();
    """,
}


@pytest.fixture
def changed(session, pg18, request):
    live = session(pg18, BASE)
    live.before = live.read()
    live.run(BY_HAND[request.param])
    live.after = live.read()
    live.changes = compare(live.before, live.after, same_lineage=True)
    return live


@pytest.mark.parametrize("changed", BY_HAND, indirect=True)
def test_all_at_once(changed, catalog):
    changed.run(*undo(changed.changes, catalog).statements)
    assert changed.read().objects == changed.before.objects
    changed.run(*redo(changed.changes, catalog).statements)
    assert changed.read().objects == changed.after.objects


@pytest.mark.parametrize("changed", BY_HAND, indirect=True)
def test_one_after_the_other(changed, catalog):
    for change in changed.changes:
        changed.run(*undo([change], catalog).statements)
    assert changed.read().objects == changed.before.objects
