-- What PostgreSQL 18 has besides, in a schema of its own.
create schema eighteen;
create table eighteen.computed (a integer, b integer generated always as (a * 2) virtual, c text);
create table eighteen.periods (id int4range, valid daterange, note text,
  constraint periods_key primary key (id, valid without overlaps));
create table eighteen.bookings (id int4range, valid daterange, who int4range,
  constraint bookings_periods foreign key (id, period valid) references eighteen.periods (id, period valid));
create table eighteen.targets (id integer primary key);
create table eighteen.promises (a integer, target integer,
  constraint positive check (a > 0) not enforced,
  constraint aimed foreign key (target) references eighteen.targets not enforced,
  constraint bounded check (a < 100),
  constraint held foreign key (a) references eighteen.targets);
create table eighteen.required (a integer constraint kept not null no inherit, b integer not null, c integer,
  d integer not null);
alter table eighteen.required add constraint later not null c not valid;
create publication eighteen_computed for table eighteen.computed with (publish_generated_columns = stored);
