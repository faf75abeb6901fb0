-- What happens to a database and is no change of its schema.

-- nothing
insert into students (first_name) values ('Ada');

-- nothing
insert into teachers (code) values ('abc');

-- nothing
analyze;

-- nothing
analyze students;

-- nothing
reindex;

-- nothing
reindex ix_students_born;

-- nothing
alter table plain rename to other;
alter table other rename to plain;

-- nothing
alter table plain rename column n to m;
alter table plain rename column m to n;

-- nothing
alter table plain add column x int;
alter table plain drop column x;

-- nothing
create temp table scratch (a int);

-- nothing
create temp view scratch as select 1;

-- nothing
create temp trigger scratch after insert on plain begin select 1; end;

-- nothing
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- nothing
drop table students;
create table "students" ("id" integer not null primary key autoincrement, [first_name] VARCHAR ( 50 ) default ('it''s') not null, `last_name` TEXT collate NOCASE null, born Date, price Decimal(10,2) default 1.5 constraint ck_students_price check ("price">=0), changed timestamp default CURRENT_TIMESTAMP, pupils INT default (1+2), flag boolean default 0 not null, constraint uq_students_name unique ("first_name","last_name"));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- nothing
drop table plain;
create table if not exists main.plain (n int null -- or none
  );

-- nothing
drop table teachers;
create table teachers (id integer not null, code char(3) not null, email text, primary key (id asc), unique (code), unique (email) on conflict ignore);

-- nothing
drop table marks;
create table marks (id integer not null constraint pk_marks primary key, teacher_id int constraint fk_marks_teacher references TEACHERS on delete cascade on update no action, code char(3) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- nothing
drop table computed;
create table computed (a int, doubled int as (A*2) stored, tripled int generated always as (a*3));

-- nothing
drop table checked;
create table checked (a int, b text, check (a>0), check (B in('x','Y')), check (a<10 OR b='a  b'));

-- nothing
drop table pairs;
create table pairs (a int not null, b int not null, c text, primary key (A asc, B desc)) WITHOUT rowid;

-- nothing
drop table exact;
create table exact (n INT, t TEXT, r REAL, x BLOB, a ANY) STRICT;

-- nothing
drop table child;
create table child (parent_id integer references parent (id));

-- nothing
drop table loose;
create table loose (n, m numeric default 3 not null on conflict replace);

-- nothing
drop index ix_students_born;
create index if not exists "ix_students_born" on "students" ("born" asc);

-- nothing
drop index uq_students_lower;
create unique index uq_students_lower on students (LOWER( first_name )) where born IS NOT NULL -- mostly;

-- nothing
drop view grown_names;
create view grown_names(called)as
  select name from grown /* all */ where name<>'x';

-- nothing
drop view grown;
create view grown as select id, first_name as name from students where price > 1;
create trigger grown_insert instead of insert on grown begin insert into students (first_name) values (new.name); end;

-- nothing
drop trigger marks_log;
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- nothing
drop trigger students_before;
create trigger students_before before update of first_name on students begin select raise(abort,'a;  b') ; end;

-- nothing
drop table papers;
create virtual table papers using fts5(title, body, tokenize = 'porter');

-- nothing
insert into papers (title, body) values ('a', 'b');

-- nothing
insert into papers (papers) values ('optimize');

-- nothing
delete from students;

-- nothing
pragma user_version = 7;

-- nothing
pragma application_id = 7;
