-- Changes by hand: views, routines, triggers and events.

-- missing view grown_names
drop view grown_names;

-- extra view more
create view more as select 1 as one;

-- renamed view some_notes
rename table some_notes to few_notes;

-- changed view grown_names
create or replace view grown_names as select name from grown where name <> 'X' with cascaded check option;

-- changed view grown_names
create or replace view grown_names as select name from grown where name <> 'x' with local check option;

-- changed view grown_names
create or replace view grown_names as select name from grown where name <> 'x';

-- changed view grown
create or replace view grown as select id, first_name as name from students where price > 2;

-- changed view some_notes
create or replace algorithm=merge sql security definer view some_notes as select id, words from notes;

-- changed view some_notes
create or replace algorithm=temptable sql security invoker view some_notes as select id, words from notes;

-- changed view some_notes
create or replace algorithm=merge sql security invoker view some_notes as select id, words as text from notes;

-- missing function twice
drop function twice;

-- extra function more
create function more() returns int return 1;

-- renamed function twice
drop function twice;
create function double_of(n int) returns int deterministic no sql comment 'two' return n * 2;

-- changed function twice
create or replace function twice(n int) returns int deterministic no sql comment 'two' return n * 3;

-- changed function twice
create or replace function twice(n bigint) returns int deterministic no sql comment 'two' return n * 2;

-- changed function twice
create or replace function twice(n int) returns bigint deterministic no sql comment 'two' return n * 2;

-- changed function twice
create or replace function twice(n int) returns int not deterministic no sql comment 'two' return n * 2;

-- changed function twice
alter function twice comment '2';

-- changed function twice
alter function twice contains sql;

-- changed function twice
alter function twice sql security invoker;

-- changed function hello
create or replace function hello(who varchar(20) character set utf8mb4) returns varchar(30) character set latin1 not deterministic reads sql data
  return concat('hello; ', who);

-- changed function hello
create or replace function hello(who varchar(20) character set latin1) returns varchar(30) character set latin1 not deterministic reads sql data
  return concat('Hello; ', who);

-- extra function total
create aggregate function total(x int) returns int begin declare m int default 0; declare continue handler for not found return m; loop fetch group next row; set m = m + x; end loop; end;

-- missing procedure tidy
drop procedure tidy;

-- extra procedure more
create procedure more() select 1;

-- renamed procedure tidy
drop procedure tidy;
create procedure clean(in days int, out n bigint) modifies sql data sql security invoker
begin
  delete from notes where id < days;
  select count(*) into n from notes; end;

-- changed procedure tidy
create or replace procedure tidy(in days int, inout n bigint) modifies sql data sql security invoker
begin
  delete from notes where id < days;
  select count(*) into n from notes; end;

-- changed procedure tidy
create or replace procedure tidy(in days int, out n bigint) modifies sql data sql security invoker
begin
  delete from notes where id <= days;
  select count(*) into n from notes; end;

-- changed procedure tidy
alter procedure tidy sql security definer;

-- changed procedure empty_one
create or replace procedure empty_one() begin do 1; end;

-- missing trigger marks_before
drop trigger marks_before;

-- extra trigger more
create trigger more before update on notes for each row set new.words = 'x';

-- changed trigger marks_before
create or replace trigger marks_before before insert on marks for each row set new.code = lower(new.code);

-- changed trigger marks_before
create or replace trigger marks_before before update on marks for each row set new.code = upper(new.code);

-- changed trigger marks_after
create or replace trigger marks_after after delete on marks for each row begin insert into notes (id, words) values (old.id, 'a;  b'); end;

-- missing event nightly
drop event nightly;

-- extra event more
create event more on schedule every 5 minute do set @b = 1;

-- renamed event nightly
alter event nightly rename to daily;

-- changed event nightly
alter event nightly enable;

-- changed event nightly
alter event nightly on schedule every 2 day;

-- changed event nightly
alter event nightly on completion not preserve;

-- changed event nightly
alter event nightly comment 'c';

-- changed event nightly
alter event nightly do delete from notes where id < 1;

-- changed event hourly
drop event hourly;
create event hourly on schedule every '1:30' hour_minute starts '2031-01-01 00:00:00' do set @a = 1;

-- changed event hourly
alter event hourly on schedule every '1:45' hour_minute starts '2031-01-01 00:00:00' ends '2032-01-01 00:00:00';

-- changed event hourly
alter event hourly disable;
