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
