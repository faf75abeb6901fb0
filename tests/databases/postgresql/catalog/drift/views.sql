-- Changes by hand: views. ../cases.py says how to read this.

-- changed view school.dotted
create or replace view school.dotted as select "Größe", "select", 1 as extra
  from "Ünïcode 🐘 ""quoted"" .dot"."Tä'ble" where "select" > 2;

-- changed view school.names
alter view school.names set (security_invoker = on);

-- changed view school.names
comment on column school.names."the name" is 'other words';

-- changed view school.names
alter view school.names alter id drop default;

-- changed view school.checked
alter view school.checked reset (security_barrier, check_option);

-- missing view school.over_view
drop view school.over_view;

-- changed view school.over_view
drop view school.over_view;
create view school.over_view as select 1 as other;

-- changed materialized view school.summary
alter materialized view school.summary reset (fillfactor);

-- missing materialized view school.unfilled
drop materialized view school.unfilled;

-- changed rule school.people.kept
create or replace rule kept as on delete to school.people do instead nothing;

-- changed rule school.houses.copied
alter table school.houses enable rule copied;

-- missing rule school.people.kept
drop rule kept on school.people;

-- changed view school.lent_books
create or replace view school.lent_books as select id, title from school.books where not lent;

-- changed view school.lent_books
create or replace view school.lent_books as select id, title, author from school.books where lent;

-- changed view school.lent_books
alter view school.lent_books rename column title to name;

-- changed view school.lent_books
alter view school.lent_books set (security_barrier);

-- changed view school.lent_books
alter view school.lent_books set (security_invoker = true);

-- changed view school.lent_books
alter view school.lent_books set (check_option = local);

-- changed view school.cheap_books
alter view school.cheap_books set (check_option = local);

-- changed view school.cheap_books
alter view school.cheap_books reset (check_option);

-- changed view school.lent_books
alter view school.lent_books alter title set default 'untitled';

-- changed view school.lent_books
comment on view school.lent_books is 'out';

-- changed view school.lent_books
comment on column school.lent_books.id is 'number';

-- missing view school.lent_books
drop view school.lent_books;

-- renamed view school.lent_books
alter view school.lent_books rename to books_out;

-- renamed view school.lent_books
alter view school.lent_books set schema public;

-- extra view school.all_books
create view school.all_books as table school.books;

-- changed view school.of_values
create or replace view school.of_values as select column1 as a, column2 from (values (1, 'a'), (2, 'c')) v;

-- missing materialized view school.titles
-- extra view school.titles
drop materialized view school.titles;
create view school.titles as select title, count(*) as copies from school.books group by title;

-- changed materialized view school.unfilled
drop materialized view school.unfilled;
create materialized view school.unfilled as select id from school.students where price > 1 with no data;

-- changed materialized view school.unfilled
alter materialized view school.unfilled rename column id to number;

-- changed materialized view school.titles
alter materialized view school.titles set (autovacuum_enabled = off);

-- changed materialized view school.titles
alter materialized view school.titles set (toast.autovacuum_enabled = off);

-- changed materialized view school.titles
alter materialized view school.titles alter title set statistics 300;

-- changed materialized view school.titles
alter materialized view school.titles alter title set storage external;

-- changed materialized view school.titles
alter materialized view school.titles alter title set compression pglz;

-- changed materialized view school.titles
alter materialized view school.titles alter title set (n_distinct = 100);

-- changed materialized view school.titles
alter materialized view school.titles set tablespace elsewhere;

-- changed materialized view school.titles
create access method other_heap type table handler heap_tableam_handler;
alter materialized view school.titles set access method other_heap;

-- changed materialized view school.titles
alter materialized view school.titles depends on extension plpgsql;

-- changed materialized view school.titles
comment on materialized view school.titles is 'counted';

-- changed materialized view school.titles
comment on column school.titles.copies is 'how many';

-- renamed materialized view school.titles
alter materialized view school.titles rename to counted_titles;

-- extra materialized view school.all_titles
create materialized view school.all_titles as select title from school.books with no data;

-- extra rule school.books.no_deletes
create rule no_deletes as on delete to school.books do instead nothing;

-- changed rule school.meals.no_meals
create or replace rule no_meals as on delete to school.meals where old.dish is null do instead nothing;

-- changed rule school.meals.no_meals
alter table school.meals disable rule no_meals;

-- changed rule school.meals.no_meals
alter table school.meals enable always rule no_meals;

-- changed rule school.meals.no_meals
alter table school.meals enable replica rule no_meals;

-- changed rule school.meals.no_meals
comment on rule no_meals on school.meals is 'eaten is eaten';

-- renamed rule school.meals.no_meals
alter rule no_meals on school.meals rename to kept_meals;

-- extra rule school.lent_books.taken
create rule taken as on insert to school.lent_books do instead nothing;

-- with owners and grants
-- changed view school.names
revoke all on school.names from pg_monitor;

-- with owners and grants
-- changed view school.lent_books
grant select (id) on school.lent_books to pg_monitor;

-- with owners and grants
-- changed view school.lent_books
alter view school.lent_books owner to pg_monitor;

-- with owners and grants
-- changed materialized view school.summary
grant select on school.summary to public;

-- with owners and grants
-- changed materialized view school.titles
grant select (title) on school.titles to public;
