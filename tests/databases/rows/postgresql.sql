-- What makes it hard to put a row into a table.
create extension if not exists plpgsql;
create type mood as enum ('sad', 'happy');
create domain positive as integer not null check (value > 0);
create domain code as varchar(4) check (value ~ '^[A-Z]{3}\d?$');
create domain codes as code[];
create type place as (street varchar(10), number positive, moods mood[]);
create type floats as range (subtype = float8);

create table types (
  id bigserial primary key, "bool" boolean not null, s smallint not null, i integer not null, b bigint not null,
  r real not null, d double precision not null, n numeric not null, p numeric(5, 2) not null,
  neg numeric(3, -2) not null, frac numeric(2, 4) not null, m money not null,
  t text not null, v varchar(20) not null, c char(3) not null, one "char" not null, nm name not null,
  day date not null, ts timestamp not null, tz timestamptz(3) not null, tm time not null, ttz timetz not null, iv interval not null,
  u uuid not null, j json not null, jb jsonb not null, jp jsonpath not null, bytes bytea not null,
  ip inet not null, net cidr not null, mac macaddr not null, mac8 macaddr8 not null,
  bt bit(3) not null, vb varbit(4) not null, bt1 bit not null,
  tv tsvector not null, tq tsquery not null, pt point not null, ln line not null, sg lseg not null, bx box not null,
  pa path not null, pg polygon not null, ci circle not null, lsn pg_lsn not null,
  mo mood not null, mos mood[] not null, po positive, co code not null, cos codes not null, pl place not null,
  ir int4range not null, fr floats not null, tr tstzrange not null, mr datemultirange not null,
  grid integer[][] not null, names varchar(5)[] not null, o oid not null, rc regclass,
  doubled bigint generated always as (i * 2) stored
);
create table checked (
  id integer generated always as identity primary key,
  status text not null check (status in ('draft', 'it''s done')),
  percent integer not null check (percent between 0 and 100),
  zip varchar(12) not null check (length(zip) = 5 and zip ~ '^[0-9]+$'),
  short text not null check (char_length(short) >= 3 and char_length(short) < 9),
  email text not null check (email like '%_@_%'), slug text not null check (slug ~ '^[a-z0-9-]+$'),
  begins date not null, ends date not null, check (begins < ends),
  a integer, z integer, check ((a is null) <> (z is null)),
  data jsonb not null check (jsonb_typeof(data) = 'array'),
  level smallint not null default 1 check (level = any (array[1, 2, 3])),
  upper_only text not null check (upper_only = upper(upper_only)),
  weight numeric(6, 3) not null check (weight > 0::numeric and weight <= 0.25)
);
create table bookings (room integer not null, during tstzrange not null, note varchar(100),
  exclude using gist (int4range(room, room, '[]') with =, during with &&), unique (note));
create unique index on bookings (lower(note));
create table tenants (id uuid primary key default gen_random_uuid(), name text not null unique);
create table users (tenant_id uuid not null references tenants, id serial, boss integer, email varchar(255) not null,
  primary key (tenant_id, id), foreign key (tenant_id, boss) references users (tenant_id, id), unique (tenant_id, email));
create table projects (tenant_id uuid not null references tenants, id integer not null, owner integer not null,
  primary key (tenant_id, id), foreign key (tenant_id, owner) references users);
create table members (tenant_id uuid not null, project integer not null, member integer not null,
  primary key (tenant_id, project, member),
  foreign key (tenant_id, project) references projects, foreign key (tenant_id, member) references users);
create table profiles (tenant_id uuid not null, user_id integer not null unique,
  foreign key (tenant_id, user_id) references users);
create table ring_a (id serial primary key, b integer not null);
create table ring_b (id integer generated always as identity primary key, a integer not null references ring_a deferrable);
alter table ring_a add foreign key (b) references ring_b deferrable initially deferred;
create table roots (id serial primary key, root integer not null references roots);
create table nodes (id serial primary key, up integer references nodes, name text not null);
create table doubled (id integer primary key, twice integer generated always as (id * 2) stored unique);
create table of_doubled (id serial primary key, twice integer not null references doubled (twice));
create table halves (id integer not null, up integer not null, twice integer generated always as (id * 2) stored unique);
alter table halves add foreign key (up) references halves (twice);
create table only_one (id boolean primary key default true check (id));
create table parted (id bigserial, region text not null, at date not null, primary key (id, region, at)) partition by list (region);
create table parted_eu partition of parted for values in ('eu', 'uk') partition by range (at);
create table parted_eu_1 partition of parted_eu for values from ('2030-01-01') to ('2030-07-01');
create table parted_us partition of parted for values in ('us');
create table refused (id serial primary key);
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no % today', tg_table_name; end $$;
create trigger refuse before insert on refused for each row execute function refuse();
create table below_refused (id serial primary key, refused integer not null references refused);
create table optional (id serial primary key, refused integer references refused);
create table impossible (n integer not null check (n > 3 and n < 2));
create table made_by_trigger (id serial primary key, total integer not null);
create function total() returns trigger language plpgsql as $$ begin new.total := 7; return new; end $$;
create trigger total before insert on made_by_trigger for each row execute function total();
create table "Wéird ""name"" %s; --" ("sel""ect; %s" text not null, "%(x)s" integer not null unique);
create table alembic_version (version_num varchar(32) not null);
