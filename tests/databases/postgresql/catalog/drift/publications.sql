-- Changes by hand: publications. ../cases.py says how to read this.

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
