-- What a colleague may do by hand to the schema of everything.sql, and what it must be told as.
-- A case: the changes expected (or "nothing"), then the statements. What is written must undo
-- it and do it again; "undo by hand" is for what cannot be undone in DDL, and must say so.

-- missing column school.students.essay
alter table school.students drop column essay;

-- extra column school.students.extra
alter table school.students add extra text not null default 'x';

-- renamed column school.students.essay
alter table school.students rename column essay to article;

-- changed column school.students.ticket
alter table school.students alter ticket type integer;

-- changed column school.students.essay
alter table school.students alter essay type integer using length(essay);

-- changed column school.students.essay
alter table school.students alter essay type text collate "POSIX";

-- changed column school.students.name
alter table school.students alter name drop not null, alter name drop default;

-- changed column school.students.born
alter table school.students alter born set default '2000-01-01', alter born set not null;

-- undo by hand
-- changed column school.students.doubled
alter table school.students alter doubled drop expression;

-- changed column school.students.identified
alter table school.students alter identified set generated always set increment 7 restart with 99;

-- changed column school.students.always
alter table school.students alter always drop identity;

-- changed column school.lessons.a
alter table school.lessons alter a set not null, alter a add generated always as identity;

-- changed column school.students.essay
alter table school.students alter essay set storage main, alter essay set statistics -1,
  alter essay set compression default;

-- changed column school.students.flags
alter table school.students alter flags set storage external, alter flags set statistics 7,
  alter flags set (n_distinct = 5), alter flags set compression pglz;

-- changed column school.students.name
comment on column school.students.name is null;

-- changed column school.students.id
-- changed sequence school.students_id_seq
alter sequence school.students_id_seq owned by none;

-- changed column school.students.id
-- missing sequence school.students_id_seq
drop sequence school.students_id_seq cascade;

-- extra column school.scratch.counted
alter table school.scratch add counted serial;

-- renamed sequence school.students_id_seq
-- changed column school.students.id
alter sequence school.students_id_seq rename to students_number;

-- renamed table school.scratch
alter table school.scratch rename to rubbish;

-- missing table school.scratch
drop table school.scratch;

-- extra table school.added
create table school.added (id serial primary key, mood school.mood, unique (mood));

-- changed table school.scratch
alter table school.scratch set logged, set (fillfactor = 50, toast.autovacuum_enabled = off);

-- changed table school.students
alter table school.students reset (fillfactor, toast.autovacuum_enabled), disable row level security,
  no force row level security;

-- changed table school.students
comment on table school.students is 'other words';

-- changed table school.scratch
alter table school.scratch replica identity nothing;

-- changed table school.students
-- changed unique constraint school.students.students_big_key
alter table school.students replica identity default;

-- changed unique constraint school.students.students_big_key
-- changed unique constraint school.students.deferred_unique
alter table school.students drop constraint deferred_unique;
alter table school.students add constraint deferred_unique unique (big, id);
alter table school.students replica identity using index deferred_unique;

-- missing table school.events_2024
alter table school.events detach partition school.events_2024;
drop table school.events_2024;

-- extra table school.events_2026
create table school.events_2026 partition of school.events
  for values from ('2026-01-01 00:00+00') to ('2027-01-01 00:00+00');

-- changed table school.events_2024
alter table school.events detach partition school.events_2024;

-- changed table school.sorted_b
alter table school.sorted detach partition school.sorted_b;

-- changed table school.events_2025_x
-- changed table school.events_other
alter table school.events_2025 detach partition school.events_2025_x;
alter table school.events detach partition school.events_other;

-- changed table school.events_2024
-- missing column school.events_2024.note
-- missing index school.events_2024_kind_idx
alter table school.events detach partition school.events_2024;
alter table school.events_2024 drop column note;
drop index school.events_2024_kind_idx;

-- changed table school.events_2024
-- extra column school.events_2024.more
-- changed column school.events_2024.note
alter table school.events detach partition school.events_2024;
alter table school.events_2024 add more integer, alter note type varchar;

-- changed table school.unattached
alter table school.events attach partition school.unattached
  for values from ('2030-01-01 00:00+00') to ('2031-01-01 00:00+00');

-- changed table school.events_2024
alter table school.events detach partition school.events_2024;
alter table school.events attach partition school.events_2024
  for values from ('2024-01-01 00:00+00') to ('2024-07-01 00:00+00');

-- changed table school.events_2024
-- extra table school.events_2024_b
alter table school.events detach partition school.events_2024;
alter table school.events attach partition school.events_2024
  for values from ('2024-01-01 00:00+00') to ('2024-07-01 00:00+00');
create table school.events_2024_b partition of school.events
  for values from ('2024-07-01 00:00+00') to ('2025-01-01 00:00+00');

-- missing table school.events_other
alter table school.events detach partition school.events_other;
drop table school.events_other;

-- renamed table school.events_other
alter table school.events_other rename to events_rest;

-- changed table school.sorted_a
alter table school.sorted detach partition school.sorted_a;
alter table school.sorted_2 attach partition school.sorted_a for values in ('a');

-- renamed table school.events
-- changed foreign key school.log.log_event_at_kind_fkey
alter table school.events rename to happenings;

-- missing table school.events
-- missing foreign key school.log.log_event_at_kind_fkey
drop table school.events cascade;

-- missing statistics object school.expressions
-- missing column school.events.note
alter table school.events drop column note cascade;

-- extra column school.events.more
alter table school.events add more integer default 3 not null;

-- changed check constraint school.events_other.events_other_note_check
-- changed index school.events_other_note
-- changed statistics object school.expressions
-- renamed column school.events.note
alter table school.events rename note to notes;

-- changed check constraint school.events_other.events_other_note_check
-- changed statistics object school.expressions
-- changed column school.events.note
alter table school.events alter note type varchar;

-- changed column school.events.note
alter table only school.events alter note set default 'new';

-- changed column school.events.kind
-- changed column school.events_2025_x.kind
alter table school.events alter kind set default 'y';
alter table school.events_2025_x alter kind set default 'z';

-- changed column school.events_2024.kind
alter table school.events_2024 alter kind set default 'z';

-- missing check constraint school.events.kind_known
-- extra check constraint school.events.other
alter table school.events drop constraint kind_known, add constraint other check (id > 0);

-- renamed check constraint school.events.kind_known
alter table school.events rename constraint kind_known to kind_check;

-- extra index school.events_at_idx
-- renamed index school.events_2024_kind_idx
create index on school.events (at);
alter index school.events_2024_kind_idx rename to by_kind;

-- missing primary key school.events.events_pkey
-- missing foreign key school.log.log_event_at_kind_fkey
alter table school.events drop constraint events_pkey cascade;

-- changed table school.pupils
alter table school.pupils no inherit school.people;

-- changed table school.pupils
-- missing column school.pupils.name
alter table school.pupils no inherit school.people;
alter table school.pupils drop column name;

-- changed table school.orphans
alter table school.orphans inherit school.people;

-- missing table school.pupils
-- changed publication partly
drop table school.pupils;

-- missing column school.people.name
alter table school.people drop column name;

-- extra table school.added
create table school.added (more text) inherits (school.people);

-- renamed table school.people
-- changed rule school.people.kept
-- changed table school.pupils
-- changed table school.teachers
-- changed publication partly
alter table school.people rename to folk;

-- changed table school.plans_1
-- changed table school.quotas_1
alter table school.plans detach partition school.plans_1;
alter table school.quotas detach partition school.quotas_1;

-- changed table school.plans_2
alter table school.plans detach partition school.plans_2;

-- missing foreign key school.plans.plans_quota_fkey
alter table school.plans drop constraint plans_quota_fkey;

-- renamed table school.plans
alter table school.plans rename to projects;

-- missing table school.plans
drop table school.plans;

-- changed foreign table school.far_events_1
alter table school.far_events detach partition school.far_events_1;

-- missing foreign table school.far_events_1
drop foreign table school.far_events_1;

-- renamed table school.numbered
alter table school.numbered rename to counted;

-- extra primary key school.log.log_pkey
-- changed column school.log.event
alter table school.log add primary key (event);

-- extra unique constraint school.log.one
-- extra check constraint school.log.two
-- extra exclusion constraint school.log.three
alter table school.log add constraint one unique (at), add constraint two check (event > 0) not valid,
  add constraint three exclude (kind with =);

-- missing check constraint school.students."named ""check"""
alter table school.students drop constraint "named ""check""";

-- changed check constraint school.students."named ""check"""
alter table school.students validate constraint "named ""check""";

-- changed check constraint school.students.students_price_check
alter table school.students drop constraint students_price_check, add check (price > 0);

-- renamed check constraint school.students.students_price_check
alter table school.students rename constraint students_price_check to no_debts;

-- renamed unique constraint school.students.named_unique
alter index school.named_unique rename to other;

-- changed unique constraint school.students.named_unique
alter index school.named_unique reset (fillfactor);

-- changed primary key school.students.students_pkey
comment on constraint students_pkey on school.students is null;

-- missing exclusion constraint school.lessons.no_overlap
alter table school.lessons drop constraint no_overlap;

-- changed foreign key school.lessons.lessons_student_fkey
alter table school.lessons alter constraint lessons_student_fkey not deferrable;

-- changed foreign key school.lessons.lessons_student_fkey
alter table school.lessons drop constraint lessons_student_fkey,
  add foreign key (student) references school.students;

-- undo by hand
-- redo by hand
-- changed foreign key school.lessons.lessons_student_fkey
do $$ begin execute (select format('alter table %s disable trigger %I', tgrelid::regclass, tgname)
  from pg_trigger where tgconstraint = (select oid from pg_constraint
  where conname = 'lessons_student_fkey') order by tgrelid::regclass::text limit 1); end $$;

-- missing foreign key school.lessons.pair
-- changed foreign key school.lessons.late
alter table school.lessons drop constraint pair, validate constraint late;

-- missing index school.lessons_room
drop index school.lessons_room;

-- extra index school.lessons_b_idx
create unique index on school.lessons (b) where b > 0;

-- changed index school.lessons_room
drop index school.lessons_room;
create index lessons_room on school.lessons (room);

-- redo by hand
-- changed index school.lessons_room
update pg_index set indisvalid = false where indexrelid = 'school.lessons_room'::regclass;

-- renamed index school.lessons_room
alter index school.lessons_room rename to by_room;

-- changed index school.lessons_room
comment on index school.lessons_room is 'other words';

-- missing index school.events_kind
drop index school.events_kind;

-- missing index school.summary_mood
drop index school.summary_mood;

-- undo by hand
-- changed enum school.mood
alter type school.mood add value 'glad' after 'sad';
alter type school.mood add value 'cross' before 'sad';
alter type school.mood add value 'last';

-- changed enum school.mood
alter type school.mood rename value 'it''s ok' to '\';

-- changed domain school.grade
alter domain school.grade drop not null;
alter domain school.grade set default 2;
alter domain school.grade drop constraint low;
alter domain school.grade add constraint low check (value >= 0);

-- changed sequence school.tickets
alter sequence school.tickets as bigint increment 2 maxvalue 400 no cycle;

-- changed sequence school.scratch_numbers
alter sequence school.scratch_numbers set logged;

-- missing sequence school.down
drop sequence school.down;

-- changed view school.dotted
create or replace view school.dotted as select "Größe", "select", 1 as extra
  from "Ünïcode 🐘 ""quoted"" .dot"."Tä'ble" where "select" > 2;

-- changed view school.names
alter view school.names set (security_invoker = on);

-- changed view school.names
comment on column school.names."the name" is 'other words';

-- changed view school.names
alter view school.names alter id drop default;

-- changed view school.checked
alter view school.checked reset (security_barrier, check_option);

-- missing view school.over_view
drop view school.over_view;

-- changed view school.over_view
drop view school.over_view;
create view school.over_view as select 1 as other;

-- changed materialized view school.summary
alter materialized view school.summary reset (fillfactor);

-- missing materialized view school.unfilled
drop materialized view school.unfilled;

-- changed function school.touch()
create or replace function school.touch() returns trigger language plpgsql as 'begin return new; end';

-- changed function school.shout(integer)
alter function school.shout(integer) security invoker cost 7;

-- changed function school.pairs()
drop function school.pairs();
create function school.pairs() returns integer language sql return 1;

-- missing function school.rubbish()
-- missing table school.scratch
drop function school.rubbish();
drop table school.scratch;

-- missing procedure school.tidy(integer)
drop procedure school.tidy;

-- extra function school.tidy_up(integer, text)
create function school.tidy_up(a integer, out b integer, c text) language sql return 1;

-- missing aggregate school.total(numeric)
-- extra aggregate school.total(integer)
drop aggregate school.total(numeric);
create aggregate school.total(integer) (sfunc = int4pl, stype = integer);

-- changed aggregate school.count_all()
drop aggregate school.count_all(*);
create aggregate school.count_all(*) (sfunc = int8inc, stype = bigint, initcond = '1');

-- changed trigger school.students.touched
alter table school.students disable trigger touched;

-- changed trigger school.students.touched
create or replace trigger touched before delete on school.students
  for each row execute function school.touch();

-- changed trigger school.lessons.later
alter table school.lessons enable replica trigger later;

-- missing trigger school.joined.instead
drop trigger instead on school.joined;

-- missing trigger school.events.parted
drop trigger parted on school.events;

-- renamed trigger school.students.touched
alter trigger touched on school.students rename to moved;

-- extra schema another
create schema another;

-- changed schema school
comment on schema school is null;

-- nothing
insert into school.scratch values (1), (2);
select setval('school.tickets', 100);
analyze school.students;
reindex table school.students;
cluster school.students using students_pkey;
refresh materialized view school.unfilled;
create temporary table students (other text);
create temporary view names as select 1 as one;

-- nothing
drop index school.lessons_room;
create index lessons_room on school.lessons (room, (a + b) desc) include (student)
  with (fillfactor = 60) where room > 0 and student is not null;
comment on index school.lessons_room is 'by room';
alter table school.students drop constraint deferred_unique;
alter table school.students add constraint deferred_unique unique (big, id) deferrable initially deferred;
drop trigger parted on school.events;
create trigger parted before insert on school.events for each row execute function school.touch();
drop view school.over_view;
create view school.over_view as select "the name", count(*) from school.names group by 1 having count(*) > 1;
create or replace function school.touch() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- undo by hand
-- changed composite type school.address
-- missing column school.houses.at
alter table school.houses drop column at;
alter type school.address drop attribute street, alter attribute "number" type bigint,
  add attribute country text;

-- changed composite type school.address
alter type school.address add attribute country text collate "C";

-- missing range type school.floats
-- missing column school.houses.heights
drop type school.floats cascade;

-- undo by hand
-- redo by hand
-- changed range type school.floats
alter table school.houses drop column heights;
drop type school.floats;
create type school.floats as range (subtype = double precision);
alter table school.houses add column heights school.floats;

-- changed rule school.people.kept
create or replace rule kept as on delete to school.people do instead nothing;

-- changed rule school.houses.copied
alter table school.houses enable rule copied;

-- missing rule school.people.kept
drop rule kept on school.people;

-- changed policy school.students.mine
alter policy mine on school.students to public using (true) with check (price > 1);

-- extra policy school.students.theirs
create policy theirs on school.students for insert with check (false);

-- missing policy school.students.everyone
drop policy everyone on school.students;

-- changed event trigger watched
alter event trigger watched enable replica;

-- changed event trigger watched
drop event trigger watched;
create event trigger watched on sql_drop execute function school.watch();

-- changed publication partly
alter publication partly drop table school.people;

-- changed publication partly
alter publication partly set table school.people, school.students (id) where (id > 1);

-- changed publication by_schema
alter publication by_schema set (publish = 'truncate');
alter publication by_schema drop tables in schema public;

-- changed statistics object school.together
alter statistics school.together set statistics -1;

-- changed statistics object school.expressions
drop statistics school.expressions;
create statistics school.expressions on lower(note), kind, id from school.events;

-- changed foreign data wrapper wrapper
alter foreign data wrapper wrapper options (set debug 'off', add more 'x');

-- changed server far
alter server far version '2' options (drop port, set host 'other', add dbname 'it''s');

-- redo by hand
-- changed server far
alter server far options (add password 'Never shown');
alter server far options (drop password, add passphrase 'Never shown');

-- redo by hand
-- extra server secretive
create server secretive foreign data wrapper wrapper options (token 'Never shown');

-- changed user mapping far."PUBLIC"
alter user mapping for public server far options (set username 'v');

-- extra user mapping far.pg_monitor
create user mapping for pg_monitor server far;

-- changed foreign table school.elsewhere
-- changed column school.elsewhere.id
-- extra column school.elsewhere.more
alter foreign table school.elsewhere options (set path '/y'), alter id options (drop remote),
  add more text options (remote 'm') collate "C" not null;

-- missing foreign table school.elsewhere
drop foreign table school.elsewhere;

-- changed collation school.plain
comment on collation school.plain is 'other words';

-- missing collation school.plain
drop collation school.plain;

-- changed conversion school.latin
drop conversion school.latin;
create default conversion school.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;

-- changed cast "integer AS school.mood"
drop cast (integer as school.mood);
create cast (integer as school.mood) with inout as implicit;

-- changed operator school."=~="(integer, integer)
drop operator school.=~= (integer, integer);
create operator school.=~= (function = school.near, leftarg = integer, rightarg = integer);

-- missing operator class school.btree.backwards
drop operator class school.backwards using btree;

-- changed operator family school.btree.integers
alter operator family school.integers using btree drop operator 1 (integer, bigint);

-- changed text search dictionary school.words
alter text search dictionary school.words (accept = true);

-- changed text search configuration school.search
alter text search configuration school.search drop mapping for word;

-- missing language shell
drop language shell;

-- changed language shell
alter language shell rename to other;
create trusted language shell handler plpgsql_call_handler;
drop language other;
