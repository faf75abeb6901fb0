create table types (
  id integer primary key, i integer not null, t text not null, v varchar(20) not null, n numeric(5, 2) not null,
  b boolean not null check (b in (0, 1)), day date not null, at datetime not null, j json not null, x blob not null,
  f float not null, untyped not null, loose text
);
create table strict_one (id integer primary key, t text not null, n real not null) strict;
create table checked (
  code text not null check (code in ('a', 'it''s b')), n int not null check (n between 1 and 5),
  m int not null, "sel""ect" text not null unique, constraint ordered check (n < m)
);
create table parents (name text primary key, other text, unique (name, other));
create table children (id integer primary key, parent text not null references parents, pair text,
  foreign key (parent, pair) references parents (name, other));
create table roots (id integer primary key, root integer not null references roots);
create table ring_a (id integer primary key, b integer not null references ring_b deferrable initially deferred);
create table ring_b (id integer primary key, a integer not null references ring_a deferrable initially deferred);
create table keyed (a text, b text, primary key (a, b)) without rowid;
create table impossible (n integer not null check (n > 3 and n < 2));
create table refused (id integer primary key);
create trigger refuse before insert on refused begin select raise(abort, 'not today'); end;
create unique index lowered on keyed (lower(b));
create virtual table words using fts5 (word);
create table alembic_version (version_num varchar(32) not null);
