-- Changes by hand: types. ../cases.py says how to read this.

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

-- changed range type school.floats
alter table school.houses drop column heights;
drop type school.floats;
create type school.floats as range (subtype = double precision);
alter table school.houses add column heights school.floats;

-- changed enum school.colour
alter type school.colour add value 'yellow';

-- changed enum school.colour
alter type school.colour add value 'black' before 'red';

-- changed enum school.colour
alter type school.colour rename value 'red' to 'crimson';

-- changed enum school.colour
drop type school.colour;
create type school.colour as enum ('green', 'red', 'blue');

-- missing enum school.colour
drop type school.colour;

-- extra enum school.size
create type school.size as enum ('small', 'large');

-- renamed enum school.colour
alter type school.colour rename to paint;

-- renamed enum school.colour
alter type school.colour set schema public;

-- changed enum school.colour
comment on type school.colour is 'of paint';

-- changed domain school.percent
alter domain school.percent set default 50;

-- changed domain school.percent
alter domain school.percent set not null;

-- changed domain school.percent
alter domain school.percent drop constraint percent_check;

-- changed domain school.percent
alter domain school.percent add constraint even check (value % 2 = 0);

-- changed domain school.percent
alter domain school.percent add constraint even check (value % 2 = 0) not valid;

-- changed domain school.percent
alter domain school.percent rename constraint percent_check to in_range;

-- changed domain school.percent
comment on constraint percent_check on domain school.percent is 'of a hundred';

-- changed domain school.percent
comment on domain school.percent is 'of a hundred';

-- changed domain school.plain_name
drop domain school.plain_name;
create domain school.plain_name as character varying(40);

-- changed domain school.plain_name
drop domain school.plain_name;
create domain school.plain_name as character varying(30) collate "C";

-- missing domain school.plain_name
drop domain school.plain_name;

-- renamed domain school.plain_name
alter domain school.plain_name rename to full_name;

-- extra domain school.email
create domain school.email as text check (value like '%@%');

-- changed domain school.grade
alter domain school.grade drop default;

-- changed composite type school.point3
alter type school.point3 add attribute w real;

-- changed composite type school.point3
drop type school.point3 cascade;
create type school.point3 as (x double precision, y double precision);
create cast (school.point3 as school.address) with inout;

-- changed composite type school.address
alter type school.address rename attribute street to road;

-- changed composite type school.address
comment on column school.address.street is 'its name';

-- changed composite type school.address
comment on type school.address is null;

-- extra composite type school.triple
create type school.triple as (a integer, b integer, c integer);

-- missing range type school.textrange
drop type school.textrange;

-- renamed range type school.textrange
alter type school.textrange rename to words_between;

-- changed range type school.textrange
drop type school.textrange;
create type school.textrange as range (subtype = text, collation = "POSIX");

-- changed range type school.textrange
alter type school.textmultirange rename to many_texts;

-- changed range type school.textrange
comment on type school.textrange is 'from a to b';

-- extra range type school.timerange
create type school.timerange as range (subtype = time);

-- with owners and grants
-- changed enum school.mood
revoke usage on type school.mood from public;

-- with owners and grants
-- changed enum school.colour
alter type school.colour owner to pg_monitor;

-- with owners and grants
-- changed domain school.grade
revoke usage on type school.grade from public;

-- with owners and grants
-- changed composite type school.point3
grant usage on type school.point3 to pg_monitor with grant option;

-- with owners and grants
-- changed range type school.floats
revoke usage on type school.floats from pg_monitor;

-- missing base type school.tag
-- missing function school.tag_in(cstring)
-- missing function school.tag_out(school.tag)
-- missing function school.same_tag(school.tag, school.tag)
drop type school.tag cascade;

-- extra base type school.mark_of
-- extra function school.mark_of_in(cstring)
-- extra function school.mark_of_out(school.mark_of)
-- extra table school.marked
create type school.mark_of;
create function school.mark_of_in(cstring) returns school.mark_of language internal immutable strict as 'int4in';
create function school.mark_of_out(school.mark_of) returns cstring language internal immutable strict as 'int4out';
create type school.mark_of (input = school.mark_of_in, output = school.mark_of_out, like = integer);
create table school.marked (mark school.mark_of, marks school.mark_of[]);

-- changed base type school.label
alter type school.label set (receive = none, storage = main, analyze = array_typanalyze);

-- undo by hand
-- redo by hand
-- changed base type school.label
drop type school.label cascade;
create type school.label;
create function school.label_in(cstring) returns school.label language internal immutable strict as 'textin';
create function school.label_out(school.label) returns cstring language internal immutable strict as 'textout';
create function school.label_recv(internal) returns school.label language internal stable strict as 'textrecv';
create type school.label (input = school.label_in, output = school.label_out, receive = school.label_recv,
  like = text, category = 'S', delimiter = ';', collatable = true);
comment on type school.label is 'on a book';

-- changed base type school.label
comment on type school.label is 'on a shelf';

-- missing base type school.undefined
drop type school.undefined;

-- extra base type school.shell
create type school.shell;

-- with owners and grants
-- changed base type school.tag
grant usage on type school.tag to pg_monitor;

-- with owners and grants
-- changed base type school.tag
alter type school.tag owner to pg_monitor;
