-- What must not be told, though something has happened. ../cases.py says how to read this.

-- nothing
insert into school.scratch values (1), (2);

-- nothing
insert into school.desks (label) values ('by the window');
update school.desks set width = 70;
delete from school.desks;

-- nothing
truncate school.log;

-- nothing
truncate school.numbered restart identity;

-- nothing
select setval('school.tickets', 100);

-- nothing
select nextval('school.badges');

-- nothing
alter sequence school.lockers restart with 400;

-- nothing
alter table school.desks alter id restart with 77;

-- nothing
analyze school.students;

-- nothing
reindex table school.loans;

-- nothing
reindex index school.lessons_room;

-- nothing
cluster school.students using students_pkey;

-- nothing
alter table school.books cluster on books_title;

-- nothing
cluster school.clubs using clubs_pkey;
alter table school.clubs set without cluster;

-- nothing
refresh materialized view school.unfilled;

-- nothing
refresh materialized view school.titles with no data;

-- nothing
create temporary table students (other text);

-- nothing
create temporary view names as select 1 as one;

-- nothing
create temporary sequence tickets;

-- nothing
create function pg_temp.touch() returns integer language sql return 1;

-- nothing
prepare books as select 1;
declare pages cursor for select 1;
deallocate books;
close pages;

-- nothing
drop index school.lessons_room;
create index lessons_room on school.lessons (room, (a + b) desc) include (student)
  with (fillfactor = 60) where room > 0 and student is not null;
comment on index school.lessons_room is 'by room';

-- nothing
drop index school.books_author;
create index books_author on school.books using btree (lower(author), title collate "C" text_pattern_ops desc nulls last);

-- nothing
drop index school.events_kind;
create index events_kind on school.events (kind);

-- nothing
alter table school.students drop constraint deferred_unique;
alter table school.students add constraint deferred_unique unique (big, id) deferrable initially deferred;

-- nothing
alter table school.loans drop constraint loans_order, add constraint loans_order check (until >= since);

-- nothing
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.books on delete cascade;

-- nothing
alter table school.trips drop constraint trips_club_fkey;
alter table school.trips add foreign key (club) references school.clubs (id) not valid;
alter table school.trips validate constraint trips_club_fkey;

-- nothing
alter table school.lessons drop constraint no_overlap;
alter table school.lessons add constraint no_overlap exclude using gist (during with &&) where (room is not null);
comment on constraint no_overlap on school.lessons is 'not at once';

-- nothing
alter table school.plans drop constraint plans_quota_fkey;
alter table school.plans add foreign key (quota) references school.quotas;

-- nothing
alter table school.clubs drop constraint clubs_name_key;
create unique index clubs_name_key on school.clubs (name);
alter table school.clubs add unique using index clubs_name_key;

-- nothing
drop trigger parted on school.events;
create trigger parted before insert on school.events for each row execute function school.touch();

-- nothing
create or replace trigger audited after insert or delete on school.books for each row execute function school.touch('x', 'y');

-- nothing
drop view school.over_view;
create view school.over_view as select "the name", count(*) from school.names group by 1 having count(*) > 1;

-- nothing
create or replace view school.lent_books as select b.id, b.title from school.books as b where b.lent;
create or replace view school.lent_books as select id, title from school.books where lent;

-- nothing
drop materialized view school.titles;
create materialized view school.titles as select title, count(*) as copies from school.books group by title;
create index titles_copies on school.titles (copies);

-- nothing
create or replace function school.touch() returns trigger language plpgsql as $$
begin
  new.updated_at := now();
  return new;
end
$$;

-- nothing
drop function school.rubbish();
create function school.rubbish() returns bigint language sql as 'select count(*) from school.scratch';

-- nothing
drop policy everyone on school.students;
create policy everyone on school.students using (true);

-- nothing
drop publication bare;
create publication bare;

-- nothing
drop statistics school.expressions;
create statistics school.expressions on (lower(note)), kind from school.events;

-- nothing
create or replace rule no_meals as on delete to school.meals do instead nothing;

-- nothing
drop sequence school.badges;
create sequence school.badges;

-- nothing
alter table school.houses drop column heights;
drop type school.floats;
create type school.floats as range (subtype = double precision, subtype_diff = float8mi);
alter table school.houses add column heights school.floats;

-- nothing
alter table school.desks drop column spare;
alter table school.desks add column spare text;

-- nothing
drop table school.audits;
create table school.audits (at timestamptz default clock_timestamp(), who text default current_user, what jsonb);

-- nothing
alter table school.desks rename note to remark;
alter table school.desks rename remark to note;

-- nothing
alter table school.marks rename to results;
alter table school.results rename to marks;

-- nothing
alter table school.desks alter width type numeric(6, 2);

-- nothing
alter table school.desks alter label type varchar(20), alter open type time(3) without time zone;

-- nothing
alter table school.meals alter day drop not null, alter dish drop default;

-- nothing
alter table school.desks alter width set default 60;

-- nothing
alter table school.students alter essay set storage external, alter essay set statistics 500;

-- nothing
alter table school.students set (fillfactor = 70), enable row level security, force row level security;

-- nothing
alter table school.students set (autovacuum_enabled = false);

-- nothing
alter view school.checked set (security_barrier = on, security_invoker = yes);

-- nothing
alter table school.meals set (fillfactor = 90);
alter table school.meals reset (fillfactor);

-- nothing
alter table school.students set (toast.autovacuum_enabled = off, autovacuum_enabled = off);

-- nothing
alter table school.books disable trigger audited;
alter table school.books enable trigger audited;

-- nothing
comment on table school.books is 'for a moment';
comment on table school.books is null;

-- nothing
comment on index school.books_tags is '';

-- nothing
comment on schema school is 'a second one, it''s said';

-- nothing
alter table school.events detach partition school.events_2024;
alter table school.events attach partition school.events_2024
  for values from ('2024-01-01 00:00+00') to ('2025-01-01 00:00+00');

-- nothing
alter table school.events detach partition school.events_1999;
alter table school.events attach partition school.events_1999
  for values from ('1998-12-31 19:00-05') to ('2000-01-01 00:00+00');

-- nothing
alter table school.pupils no inherit school.people;
alter table school.pupils inherit school.people;

-- nothing
create table school.passing (id serial primary key);
drop table school.passing;

-- nothing
alter type school.colour rename value 'red' to 'rouge';
alter type school.colour rename value 'rouge' to 'red';

-- nothing
alter domain school.percent set default 1;
alter domain school.percent drop default;
alter domain school.percent drop not null;

-- nothing
alter domain school.percent drop constraint percent_check;
alter domain school.percent add check (value >= 0 and value <= 100);

-- nothing
alter sequence school.lockers as integer increment by 10 minvalue 100 maxvalue 900 cycle;

-- nothing
alter function school.twice(integer) immutable called on null input security invoker parallel unsafe;

-- nothing
alter server far options (set port '1', set host 'h');

-- nothing
alter collation school.loose refresh version;

-- nothing
alter text search configuration school.plain_search alter mapping for asciiword with school.stems, simple;

-- nothing
grant select on school.meals to pg_monitor;

-- nothing
alter table school.marks owner to pg_monitor;

-- nothing
alter default privileges grant select on tables to pg_monitor;

-- nothing
create role passing_through nologin;
drop role passing_through;

-- nothing
select set_config('search_path', 'public', true);

-- with owners and grants
-- nothing
grant select on school.scratch to pg_monitor with grant option;

-- with owners and grants
-- nothing
grant delete on school.meals to pg_monitor;
revoke delete on school.meals from pg_monitor;

-- with owners and grants
-- nothing
grant all on school.meals to current_user;
revoke all on school.meals from pg_monitor;

-- with owners and grants
-- nothing
alter table school.marks owner to pg_monitor;
alter table school.marks owner to current_user;

-- with owners and grants
-- nothing
set local role pg_monitor;
reset role;

-- with owners and grants
-- nothing
create or replace function school.near(integer, integer) returns boolean language sql immutable
  as $$ select abs($1 - $2) < 2 $$;

-- from 18
-- nothing
alter table eighteen.required rename constraint required_b_not_null to b_is_needed;

-- from 18
-- nothing
alter table school.lessons alter constraint lessons_student_fkey enforced;

-- from 16
-- nothing
alter table school.students alter essay set storage external, alter name set storage default;
