-- Changes by hand: routines. ../cases.py says how to read this.

-- changed function school.touch()
create or replace function school.touch() returns trigger language plpgsql as 'begin return new; end';

-- changed function school.shout(integer)
alter function school.shout(integer) security invoker cost 7;

-- changed function school.pairs()
drop function school.pairs();
create function school.pairs() returns integer language sql return 1;

-- missing function school.rubbish()
-- missing table school.scratch
drop function school.rubbish();
drop table school.scratch;

-- missing procedure school.tidy(integer)
drop procedure school.tidy;

-- extra function school.tidy_up(integer, text)
create function school.tidy_up(a integer, out b integer, c text) language sql return 1;

-- missing aggregate school.total(numeric)
-- extra aggregate school.total(integer)
drop aggregate school.total(numeric);
create aggregate school.total(integer) (sfunc = int4pl, stype = integer);

-- changed aggregate school.count_all()
drop aggregate school.count_all(*);
create aggregate school.count_all(*) (sfunc = int8inc, stype = bigint, initcond = '1');

-- missing language shell
drop language shell;

-- changed language shell
alter language shell rename to other;
create trusted language shell handler plpgsql_call_handler;
drop language other;

-- changed function school.twice(integer)
create or replace function school.twice(integer) returns integer language sql immutable return $1 + $1;

-- changed function school.twice(integer)
alter function school.twice(integer) stable;

-- changed function school.twice(integer)
alter function school.twice(integer) strict;

-- changed function school.twice(integer)
alter function school.twice(integer) security definer;

-- changed function school.twice(integer)
alter function school.twice(integer) leakproof;

-- changed function school.twice(integer)
alter function school.twice(integer) parallel safe;

-- changed function school.twice(integer)
alter function school.twice(integer) cost 500;

-- changed function school.twice(integer)
alter function school.twice(integer) set search_path = school, pg_temp;

-- changed function school.twice(integer)
alter function school.twice(integer) set work_mem = '8MB';

-- changed function school.twice(integer)
alter function school.twice(integer) depends on extension plpgsql;

-- changed function school.twice(integer)
comment on function school.twice(integer) is 'doubles';

-- changed function school.spread(integer, integer)
alter function school.spread(integer, integer) rows 5;

-- changed function school.spread(integer, integer)
create or replace function school.spread(integer, integer) returns setof integer language internal strict rows 50
  as 'generate_series_int4';

-- changed function school.shout(text, integer, text[])
alter function school.shout(text, integer, text[]) reset search_path;

-- changed function school.shout(text, integer, text[])
alter function school.shout(text, integer, text[]) called on null input;

-- changed function school.shout(text, integer, text[])
create or replace function school.shout(word text, times integer default 2, variadic rest text[] default '{}')
  returns text language plpgsql immutable strict parallel safe cost 5 set search_path = school, public
  as $$ begin return upper(repeat(word, times)) || '$function$ \ '''; end $$;

-- changed function school.newest_books(integer)
create or replace function school.newest_books(lim integer) returns table (id integer, title text) language sql stable
  begin atomic select books.id, books.title from school.books where books.lent order by books.id desc limit lim; end;

-- missing function school.newest_books(integer)
drop function school.newest_books;

-- missing function school.newest_books(integer)
-- extra function school.latest_books(integer)
alter function school.newest_books rename to latest_books;

-- renamed function school.place()
alter function school.place() set schema public;

-- extra function school.twice(bigint)
create function school.twice(bigint) returns bigint language sql immutable return $1 * 2;

-- extra function public.headmaster()
create function public.headmaster() returns text language sql return 'me';

-- changed procedure school.stock(text, integer)
create or replace procedure school.stock(in title text, in copies integer default 2) language sql
  as $$ insert into school.books (id, title) select 1, $1 $$;

-- changed procedure school.stock(text, integer)
alter procedure school.stock(text, integer) security definer;

-- changed procedure school.stock(text, integer)
alter procedure school.stock(text, integer) set statement_timeout = '5s';

-- changed procedure school.stock(text, integer)
comment on procedure school.stock(text, integer) is 'buys';

-- renamed procedure school.stock(text, integer)
alter procedure school.stock(text, integer) rename to buy;

-- extra procedure school.close_year()
create procedure school.close_year() language plpgsql as 'begin end';

-- changed aggregate school.longest(text)
create or replace aggregate school.longest(text) (sfunc = text_larger, stype = text, combinefunc = text_larger);

-- changed aggregate school.longest(text)
create or replace aggregate school.longest(text) (sfunc = text_larger, stype = text, sortop = >);

-- changed aggregate school.longest(text)
create or replace aggregate school.longest(text) (sfunc = text_larger, stype = text, parallel = safe);

-- changed aggregate school.longest(text)
create or replace aggregate school.longest(text) (sfunc = text_smaller, stype = text);

-- changed aggregate school.longest(text)
comment on aggregate school.longest(text) is 'by the alphabet';

-- renamed aggregate school.longest(text)
alter aggregate school.longest(text) rename to last_word;

-- changed aggregate school.total(numeric)
create or replace aggregate school.total(numeric) (sfunc = numeric_add, stype = numeric, initcond = '0',
  parallel = safe, msfunc = numeric_add, minvfunc = numeric_sub, mstype = numeric, minitcond = '0');

-- extra aggregate school.product(integer)
create aggregate school.product(integer) (sfunc = int4mul, stype = integer, initcond = '1');

-- changed language shell
comment on language shell is 'of a nut';

-- missing language shell
-- extra language nut
alter language shell rename to nut;

-- changed language shell
create or replace language shell handler plpgsql_call_handler inline plpgsql_inline_handler validator plpgsql_validator;

-- with owners and grants
-- changed function school.twice(integer)
revoke execute on function school.twice(integer) from public;

-- with owners and grants
-- changed function school.touch()
alter function school.touch() owner to pg_monitor;

-- with owners and grants
-- changed procedure school.tidy(integer)
grant execute on procedure school.tidy to pg_monitor;

-- with owners and grants
-- changed procedure school.stock(text, integer)
revoke grant option for execute on procedure school.stock(text, integer) from pg_monitor;

-- with owners and grants
-- changed aggregate school.total(numeric)
revoke execute on function school.total(numeric) from public;

-- with owners and grants
-- changed aggregate school.longest(text)
alter aggregate school.longest(text) owner to pg_monitor;

-- with owners and grants
-- changed language shell
revoke usage on language shell from public;
