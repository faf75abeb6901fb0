-- Changes by hand: publications and subscriptions. ../cases.py says how to read this.

-- changed publication partly
alter publication partly drop table school.people;

-- changed publication partly
alter publication partly set table school.people, school.students (id) where (id > 1);

-- changed publication by_schema
alter publication by_schema set (publish = 'truncate');
alter publication by_schema drop tables in schema public;

-- changed publication bare
alter publication bare set (publish = 'insert');

-- changed publication bare
alter publication bare set (publish_via_partition_root = true);

-- changed publication bare
alter publication bare add table school.marks;

-- changed publication bare
alter publication bare add tables in schema school;

-- changed publication bare
comment on publication bare is 'nothing yet';

-- missing publication bare
drop publication bare;

-- renamed publication bare
alter publication bare rename to empty;

-- extra publication more
create publication more for table school.marks;

-- changed publication clubs_only
alter publication clubs_only set table school.clubs, school.trips where (club > 2);

-- changed publication clubs_only
alter publication clubs_only set table school.clubs, school.trips;

-- changed publication clubs_only
alter publication clubs_only set table school.clubs (id, name), school.trips where (club > 1);

-- changed publication clubs_only
alter publication clubs_only drop table school.trips;

-- changed publication every
drop publication every;
create publication every for tables in schema school with (publish = 'insert, delete');

-- with owners and grants
-- changed publication partly
alter publication partly owner to pg_monitor;

-- from 18
-- changed publication eighteen_computed
alter publication eighteen_computed set (publish_generated_columns = none);

-- from 18
-- changed publication bare
alter publication bare set (publish_generated_columns = stored);

-- undo by hand
-- missing subscription upstream
drop subscription upstream;

-- undo by hand
-- redo by hand
-- missing subscription mirror
alter subscription mirror set (slot_name = none);
drop subscription mirror;

-- redo by hand
-- extra subscription more
create subscription more connection 'host=h password=p' publication p with (connect = false, slot_name = none);

-- undo by hand
-- redo by hand
-- extra subscription slotted
create subscription slotted connection 'host=h password=p' publication p with (connect = false);

-- renamed subscription upstream
alter subscription upstream rename to downstream;

-- changed subscription upstream
comment on subscription upstream is 'elsewhere';

-- changed subscription upstream
alter subscription upstream set publication "News ""1""", "B" with (refresh = false);

-- changed subscription upstream
alter subscription upstream set (slot_name = 'up_stream', binary = true, streaming = off);

-- changed subscription upstream
alter subscription upstream set (slot_name = upstream);
alter subscription upstream enable;

-- changed subscription mirror
alter subscription mirror enable;

-- changed subscription mirror
alter subscription mirror set (slot_name = none);

-- changed subscription mirror
alter subscription mirror set (synchronous_commit = off, binary = false, disable_on_error = false);

-- from 16
-- changed subscription mirror
alter subscription mirror set (origin = none, password_required = false);

-- undo by hand
-- redo by hand
-- changed subscription upstream
drop subscription upstream;
create subscription upstream connection 'host=publisher' publication "News ""1""", marks
  with (connect = false, slot_name = none, streaming = on, two_phase = true);
comment on subscription upstream is 'from the head office';

-- nothing
alter subscription steady connection 'host=other password=another';

-- nothing
alter subscription steady set publication b, a with (refresh = false);
