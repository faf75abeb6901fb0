-- Changes by hand: tables. ../cases.py says how to read this.

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

-- renamed table school.plans
alter table school.plans rename to projects;

-- missing table school.plans
drop table school.plans;

-- renamed table school.numbered
alter table school.numbered rename to counted;

-- extra schema another
create schema another;

-- changed schema school
comment on schema school is null;

-- changed table school.meals
alter table school.meals set (autovacuum_vacuum_scale_factor = 0.01);

-- changed table school.meals
alter table school.meals set (parallel_workers = 4);

-- changed table school.meals
alter table school.meals set (toast_tuple_target = 4000);

-- changed table school.meals
alter table school.meals set (user_catalog_table = true);

-- changed table school.meals
alter table school.meals set (vacuum_index_cleanup = off);

-- changed table school.meals
alter table school.meals set (toast.autovacuum_vacuum_threshold = 7);

-- changed table school.students
alter table school.students reset (fillfactor);

-- changed table school.students
alter table school.students set (fillfactor = 71);

-- changed table school.meals
alter table school.meals set unlogged;

-- changed table school.scratch
alter table school.scratch set logged;

-- changed table school.meals
alter table school.meals enable row level security;

-- changed table school.meals
alter table school.meals force row level security;

-- changed table school.students
alter table school.students disable row level security;

-- changed table school.students
alter table school.students no force row level security;

-- changed table school.meals
alter table school.meals replica identity full;

-- changed unique constraint school.rooms.rooms_id_key
-- changed table school.rooms
alter table school.rooms replica identity using index rooms_id_key;

-- changed table school.meals
comment on table school.meals is 'eaten';

-- changed table school.typed
alter table school.typed not of;

-- changed table school.audits
create access method other_heap type table handler heap_tableam_handler;
alter table school.audits set access method other_heap;

-- changed table school.audits
alter table school.audits set tablespace elsewhere;

-- renamed table school.audits
alter table school.audits set schema public;

-- renamed table school.audits
alter table school.audits rename to "Audits";

-- extra table school.likeness
create table school.likeness (like school.books including all);

-- extra table school.copied
create table school.copied as select id, title from school.books;

-- extra table school.notes
create unlogged table school.notes (note text primary key) with (fillfactor = 50);

-- extra table public.students
create table public.students (id integer);

-- undo by hand
-- redo by hand
-- changed table school.meals
-- missing rule school.meals.no_meals
drop table school.meals;
create table school.meals (day date, dish text, price money, vegan boolean, constraint meals_dish check (dish <> ''))
  partition by range (day);

-- extra table school.events_2027
create table school.events_2027 partition of school.events
  for values from ('2027-01-01 00:00+00') to (maxvalue) partition by hash (kind);

-- missing table school.hashed_0
drop table school.hashed_0;

-- extra table school.hashed_1
create table school.hashed_1 partition of school.hashed for values with (modulus 2, remainder 1);

-- changed table school.events_2025_x
alter table school.events_2025 detach partition school.events_2025_x;
alter table school.events_2025 attach partition school.events_2025_x for values in ('x', 'it''s', 'y');

-- changed table school.events_2024
comment on table school.events_2024 is 'a year';

-- changed table school.events_2024
alter table school.events_2024 set (fillfactor = 40);

-- changed table school.orphans
alter table school.orphans set (autovacuum_enabled = false);

-- extra schema clubs
create schema clubs;

-- changed schema public
comment on schema public is 'not as it was';

-- missing schema "Ünïcode 🐘 ""quoted"" .dot"
-- missing view school.dotted
-- missing enum "Ünïcode 🐘 ""quoted"" .dot"."select"
-- missing table "Ünïcode 🐘 ""quoted"" .dot"."Tä'ble"
-- missing foreign key school.lessons.pair
drop schema "Ünïcode 🐘 ""quoted"" .dot" cascade;

-- with owners and grants
-- changed schema school
grant create on schema school to pg_monitor;

-- with owners and grants
-- changed schema school
revoke usage on schema school from public;

-- with owners and grants
-- changed schema school
alter schema school owner to pg_monitor;

-- with owners and grants
-- changed table school.scratch
grant delete on school.scratch to pg_monitor;

-- with owners and grants
-- changed table school.scratch
revoke grant option for insert on school.scratch from pg_monitor;

-- with owners and grants
-- changed table school.scratch
alter table school.scratch owner to pg_monitor;

-- with owners and grants
-- changed table school.clubs
revoke select on school.clubs from public;

-- with owners and grants
-- changed table school.meals
revoke insert, update, delete, truncate on school.meals from current_user;

-- with owners and grants
-- changed table school.events_2024
grant select on school.events_2024 to public;

-- from 18
-- with owners and grants
-- changed table school.meals
grant maintain on school.meals to pg_monitor;

-- from 16
-- extra extension vector
create extension vector schema public;
