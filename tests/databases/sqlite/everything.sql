-- What a SQLite schema can hold. The cases of drift/ change it by hand.

create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));

create index ix_students_born on students (born);

create index ix_students_more on students (last_name collate binary desc, born);

create unique index uq_students_lower on students (lower(first_name)) where born is not null;

create table teachers (id integer primary key, code char(3) not null unique, email text unique on conflict ignore);

create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);

create table pairs (a int not null, b int not null, c text, primary key (a, b desc)) without rowid;

create table exact (n int, t text, r real, x blob, a any) strict;

create table computed (a int, doubled int generated always as (a * 2) stored, tripled int as (a * 3) virtual);

create table checked (a int check (a > 0), b text check (b in ('x', 'Y')), check (a < 10 or b = 'a  b'));

create table plain (n int);

create table loose (n, m numeric not null on conflict replace default 3);

create table parent (id integer primary key);

create table child (parent_id integer references parent);

create virtual table papers using fts5(title, body, tokenize = 'porter');

create view grown as select id, first_name as name from students where price > 1;

create view grown_names (called) as select name from grown where name <> 'x';

create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

create trigger grown_insert instead of insert on grown begin insert into students (first_name) values (new.name); end;
