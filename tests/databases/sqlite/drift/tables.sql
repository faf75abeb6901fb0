-- Changes by hand: tables, views and triggers.

-- missing table plain
drop table plain;

-- missing table papers
drop table papers;

-- extra table fresh
create table fresh (a integer primary key, b text unique);

-- extra table fresh
create virtual table fresh using fts5(a);

-- renamed table plain
alter table plain rename to simple;

-- renamed table exact
alter table exact rename to precise;

-- changed table exact
-- changed column exact.a
drop table exact;
create table exact (n int, t text, r real, x blob, a blob);

-- changed table pairs
drop table pairs;
create table pairs (a int not null, b int not null, c text, primary key (a, b desc));

-- changed table plain
drop table plain;
create table plain (n int) strict;

-- changed table papers
drop table papers;
create virtual table papers using fts5(title, body, tokenize = 'ascii');

-- changed table papers
drop table papers;
create virtual table papers using fts5(title, body, more, tokenize = 'porter');

-- changed table papers
drop table papers;
create virtual table papers using fts5(title, body unindexed, tokenize = 'porter');

-- missing view grown_names
drop view grown_names;

-- extra view fresh
create view fresh as select 1;

-- changed view grown_names
drop view grown_names;
create view grown_names (called) as select name from grown where name <> 'X';

-- changed view grown_names
drop view grown_names;
create view grown_names (named) as select name from grown where name <> 'x';

-- changed view grown_names
drop view grown_names;
create view grown_names (called) as select name from grown where name = 'x';

-- changed view grown_names
drop view grown_names;
create view grown_names (called) as select distinct name from grown where name <> 'x';

-- changed view grown
drop view grown;
create view grown as select id, first_name as name from students where price > 2;
create trigger grown_insert instead of insert on grown begin insert into students (first_name) values (new.name); end;

-- missing trigger marks_log
drop trigger marks_log;

-- missing trigger grown_insert
drop trigger grown_insert;

-- extra trigger fresh
create trigger fresh after delete on plain begin select 1; end;

-- changed trigger marks_log
drop trigger marks_log;
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = lower(code) where id = new.id; end;

-- changed trigger marks_log
drop trigger marks_log;
create trigger marks_log after insert on marks begin update marks set code = upper(code) where id = new.id; end;

-- changed trigger marks_log
drop trigger marks_log;
create trigger marks_log after update on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed trigger marks_log
drop trigger marks_log;
create trigger marks_log before insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed trigger students_before
drop trigger students_before;
create trigger students_before before update of last_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed trigger students_before
drop trigger students_before;
create trigger students_before before update on students for each row begin select raise(abort, 'a;  b'); end;

-- changed trigger students_before
drop trigger students_before;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a; b'); end;

-- changed trigger grown_insert
drop trigger grown_insert;
create trigger grown_insert instead of insert on grown begin insert into students (first_name) values (upper(new.name)); end;

-- renamed view grown_names
drop view grown_names;
create view grown_called (called) as select name from grown where name <> 'x';

-- renamed trigger marks_log
drop trigger marks_log;
create trigger marks_again after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;
