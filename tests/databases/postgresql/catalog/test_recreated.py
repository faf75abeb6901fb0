"""An object that is dropped and created again keeps its parts."""

import pytest

from driftcheck.judging.comparison import compare
from driftcheck.pipeline.repairs.change_plan import redo, undo

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


RANGES = """
create type floats as range (subtype = float8, subtype_diff = float8mi);
create table houses (id integer, heights floats not null default '[1,2)', widths floats[],
  several floats_multirange, constraint tall check (not isempty(heights)),
  constraint apart exclude using gist (heights with &&));
create table towers (floors integer) inherits (houses);
create index houses_heights on houses using gist (heights);
create view low as select id, heights from houses where not heights @> float8 '9';
insert into houses values (1, '[0.5,1)', '{"[1,2)",NULL}', '{[1,2),[3,4)}');
insert into towers values (2, '[5,)', null, null, 7);
"""
OTHER_RANGE = """
drop view low;
drop index houses_heights;
alter table houses drop constraint apart, drop constraint tall, alter heights drop default,
  alter heights type text, alter widths type text[], alter several type text;
drop type floats;
create type floats as range (subtype = float8);
alter table houses alter heights type floats using heights::floats,
  alter widths type floats[] using widths::floats[],
  alter several type floats_multirange using several::floats_multirange;
alter table houses alter heights set default '[1,2)',
  add constraint tall check (not isempty(heights)), add constraint apart
  exclude using gist (heights with &&);
create index houses_heights on houses using gist (heights);
create view low as select id, heights from houses where not heights @> float8 '9';
"""


def test_a_range_type_whose_constructors_belong_to_a_superuser(session, pg18, catalog):
    live = session(pg18, RANGES)
    before, rows = live.read(), live.rows("select * from houses order by id")
    live.run(OTHER_RANGE)
    after = live.read()
    changes = compare(before, after, same_lineage=True)
    assert [str(change.address) for change in changes] == ["range type public.floats"]
    statements = undo(changes, catalog, before, after).statements
    assert not [each for each in statements if "RENAME" in each]
    live.run(*statements)
    assert live.read().objects == before.objects
    assert live.rows("select * from houses order by id") == rows
