-- Changes by hand: columns. ../cases.py says how to read this.

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

-- changed column school.students.doubled
alter table school.students alter doubled drop expression;

-- changed column school.students.identified
alter table school.students alter identified set generated always set increment 7 restart with 99;

-- changed column school.students.identified
alter table school.students alter identified set minvalue -50 set start with -50 restart with -20;

-- changed column school.students.identified
alter table school.students alter identified set minvalue -90 set maxvalue -50 set start with -60 restart with -60;

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
drop sequence school.students_id_seq cascade;

-- extra column school.scratch.counted
alter table school.scratch add counted serial;

-- missing statistics object school.expressions
-- missing column school.events.note
alter table school.events drop column note cascade;

-- extra column school.events.more
alter table school.events add more integer default 3 not null;

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

-- missing column school.people.name
alter table school.people drop column name;

-- changed column school.desks.label
alter table school.desks alter label type character varying(30);

-- changed column school.desks.label
alter table school.desks alter label type text;

-- changed column school.desks.width
alter table school.desks alter width type numeric(8, 2);

-- changed column school.desks.width
alter table school.desks alter width type numeric;

-- changed column school.desks.width
alter table school.desks alter width drop default;

-- changed column school.desks.made
alter table school.desks alter made type timestamp;

-- changed column school.desks.made
alter table school.desks alter made set default now();

-- changed column school.desks.open
alter table school.desks alter open type time(0);

-- changed column school.desks.open
alter table school.desks alter open type time with time zone;

-- changed column school.desks.drawers
alter table school.desks alter drawers type integer[];

-- changed column school.desks.drawers
alter table school.desks alter drawers set default '{}';

-- changed column school.desks.code
alter table school.desks alter code type text collate "C";

-- changed column school.desks.note
alter table school.desks alter note set not null;

-- changed column school.desks.note
comment on column school.desks.note is 'said by hand';

-- changed column school.desks.note
alter table school.desks alter note set statistics 0;

-- changed column school.desks.note
alter table school.desks alter note set compression pglz;

-- changed column school.desks.note
alter table school.desks alter note set (n_distinct = 12, n_distinct_inherited = 3);

-- changed column school.desks.photo
alter table school.desks alter photo set storage external;

-- changed column school.desks.id
alter table school.desks alter id drop identity;

-- changed column school.desks.id
alter table school.desks alter id set generated by default;

-- changed column school.desks.id
alter table school.desks alter id set increment by 10;

-- changed column school.desks.id
alter table school.desks alter id set start with 1000;

-- changed column school.desks.id
alter table school.desks alter id set minvalue -5;

-- changed column school.desks.id
alter table school.desks alter id set maxvalue 5000;

-- changed column school.desks.id
alter table school.desks alter id set cache 20;

-- changed column school.desks.id
alter table school.desks alter id set cycle;

-- changed column school.desks.id
comment on sequence school.desks_id_seq is 'numbers desks';

-- changed column school.desks.id
alter sequence school.desks_id_seq set unlogged;

-- extra column school.desks.twofold
alter table school.desks add twofold numeric generated always as (width * 2) stored;

-- extra column school.desks.colour
alter table school.desks add colour school.colour default 'red' not null;

-- extra column school.desks.number
alter table school.desks add number bigint generated by default as identity (start with 5 increment by 5);

-- renamed column school.desks.spare
alter table school.desks rename spare to "Spare part";

-- missing column school.desks.spare
alter table school.desks drop spare;

-- extra column school.desks.instead
-- missing column school.desks.spare
alter table school.desks drop spare, add instead text;

-- with owners and grants
-- changed column school.desks.note
grant update (note) on school.desks to pg_monitor;

-- with owners and grants
-- changed column school.books.title
revoke update (title) on school.books from pg_monitor;

-- with owners and grants
-- changed column school.books.id
grant select (id) on school.books to pg_monitor with grant option;

-- with owners and grants
-- changed column school.students.name
revoke update (name) on school.students from public;

-- with owners and grants
-- changed column school.desks.id
grant usage on sequence school.desks_id_seq to pg_monitor;

-- from 18
-- changed column eighteen.computed.b
alter table eighteen.computed drop b, add b integer generated always as (a * 3) virtual;

-- from 18
-- extra column eighteen.computed.d
alter table eighteen.computed add d integer generated always as (a + 1) virtual;

-- from 18
-- changed column school.students.doubled
alter table school.students alter doubled set expression as (price * 3);
