-- Changes by hand: columns.

-- extra column plain.x
alter table plain add column x int;

-- extra column plain.x
alter table plain add column x text not null default 'y';

-- extra column plain.x
alter table plain add column x int generated always as (n + 1) virtual;

-- extra column plain.x
alter table plain add column x text collate nocase;

-- extra column plain.x
-- extra check constraint plain."(x > 0)"
alter table plain add column x int check (x > 0);

-- extra column plain.x
-- extra foreign key plain."(x)"
alter table plain add column x int references parent (id);

-- missing column students.flag
alter table students drop column flag;

-- missing column students.changed
alter table students drop column changed;

-- missing column computed.tripled
alter table computed drop column tripled;

-- missing column pairs.c
alter table pairs drop column c;

-- missing column exact.a
alter table exact drop column a;

-- missing column students.flag
-- extra column students.mark
alter table students rename column flag to mark;

-- missing column exact.x
-- extra column exact.y
alter table exact rename column x to y;

-- changed column students.first_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(60) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.first_name
drop table students;
create table students (id integer primary key autoincrement, first_name text not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.first_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.first_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it is', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.first_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null, last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.last_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate rtrim, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.last_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.born
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born datetime, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.born
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date not null, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.born
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date default '2000-01-01', price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(12, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 3) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 2, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default '1.5', changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.changed
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_date, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.changed
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.changed
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp not null default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.pupils
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 3), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.pupils
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils bigint default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.flag
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.flag
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 1, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.flag
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default false, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.flag
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag int not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column students.flag
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null on conflict ignore default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed column exact.n
drop table exact;
create table exact (n integer, t text, r real, x blob, a any) strict;

-- changed column exact.t
drop table exact;
create table exact (n int, t text not null, r real, x blob, a any) strict;

-- changed column exact.r
drop table exact;
create table exact (n int, t text, r int, x blob, a any) strict;

-- changed column exact.x
drop table exact;
create table exact (n int, t text, r real, x text, a any) strict;

-- changed column exact.a
drop table exact;
create table exact (n int, t text, r real, x blob, a blob) strict;

-- changed column computed.doubled
drop table computed;
create table computed (a int, doubled int generated always as (a * 4) stored, tripled int as (a * 3) virtual);

-- changed column computed.doubled
drop table computed;
create table computed (a int, doubled int generated always as (a * 2) virtual, tripled int as (a * 3) virtual);

-- changed column computed.tripled
drop table computed;
create table computed (a int, doubled int generated always as (a * 2) stored, tripled int as (a + 3) virtual);

-- changed column computed.tripled
drop table computed;
create table computed (a int, doubled int generated always as (a * 2) stored, tripled int as (a * 3) stored);

-- changed column computed.doubled
drop table computed;
create table computed (a int, doubled int, tripled int as (a * 3) virtual);

-- changed column computed.tripled
drop table computed;
create table computed (a int, doubled int generated always as (a * 2) stored, tripled text as (a * 3) virtual);

-- changed column computed.a
drop table computed;
create table computed (a bigint, doubled int generated always as (a * 2) stored, tripled int as (a * 3) virtual);

-- changed column loose.n
drop table loose;
create table loose (n int, m numeric not null on conflict replace default 3);

-- changed column loose.m
drop table loose;
create table loose (n, m not null on conflict replace default 3);

-- changed column loose.m
drop table loose;
create table loose (n, m numeric not null on conflict rollback default 3);

-- changed column loose.m
drop table loose;
create table loose (n, m numeric not null default 3);

-- changed column loose.m
drop table loose;
create table loose (n, m numeric not null on conflict replace default 3.0);

-- changed column loose.m
drop table loose;
create table loose (n, m numeric default 3);

-- changed column plain.n
drop table plain;
create table plain (n);

-- changed column plain.n
drop table plain;
create table plain (n int default null);

-- changed column plain.n
drop table plain;
create table plain (n int not null);

-- changed column plain.n
drop table plain;
create table plain (n int collate nocase);

-- changed column checked.b
drop table checked;
create table checked (a int check (a > 0), b varchar check (b in ('x', 'Y')), check (a < 10 or b = 'a  b'));

-- changed column pairs.c
drop table pairs;
create table pairs (a int not null, b int not null, c text default '', primary key (a, b desc)) without rowid;

-- changed column teachers.code
drop table teachers;
create table teachers (id integer primary key, code char(4) not null unique, email text unique on conflict ignore);

-- changed column teachers.code
drop table teachers;
create table teachers (id integer primary key, code char(3) unique, email text unique on conflict ignore);

-- changed column marks.code
drop table marks;
create table marks (id integer not null, teacher_id int, code varchar(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed column child.parent_id
drop table child;
create table child (parent_id bigint references parent);
