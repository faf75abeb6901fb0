-- Changes by hand: security. ../cases.py says how to read this.

-- changed policy school.students.mine
alter policy mine on school.students to public using (true) with check (price > 1);

-- extra policy school.students.theirs
create policy theirs on school.students for insert with check (false);

-- missing policy school.students.everyone
drop policy everyone on school.students;

-- changed policy school.clubs.clubs_all
alter policy clubs_all on school.clubs to pg_monitor;

-- changed policy school.clubs.clubs_all
alter policy clubs_all on school.clubs using (head = 1);

-- changed policy school.clubs.clubs_all
alter policy clubs_all on school.clubs with check (head > 0);

-- changed policy school.clubs.clubs_all
drop policy clubs_all on school.clubs;
create policy clubs_all on school.clubs for select to public using (head is not null);

-- changed policy school.clubs.clubs_all
drop policy clubs_all on school.clubs;
create policy clubs_all on school.clubs as restrictive for all to public using (head is not null);

-- changed policy school.clubs.clubs_all
comment on policy clubs_all on school.clubs is 'for all';

-- renamed policy school.clubs.clubs_all
alter policy clubs_all on school.clubs rename to everybody;

-- missing policy school.clubs.clubs_all
drop policy clubs_all on school.clubs;

-- with owners and grants
-- extra default privileges postgres."SEQUENCES"
alter default privileges grant usage on sequences to pg_monitor;

-- with owners and grants
-- changed default privileges school.postgres."TABLES"
alter default privileges in schema school grant insert on tables to pg_monitor;

-- with owners and grants
-- missing default privileges school.postgres."TABLES"
alter default privileges in schema school revoke select on tables from pg_monitor;

-- with owners and grants
-- missing default privileges postgres."FUNCTIONS"
alter default privileges grant execute on functions to public;

-- with owners and grants
-- changed default privileges postgres."FUNCTIONS"
alter default privileges grant execute on functions to pg_monitor with grant option;

-- with owners and grants
-- extra default privileges postgres."TYPES"
alter default privileges revoke usage on types from public;

-- with owners and grants
-- extra default privileges postgres."SCHEMAS"
alter default privileges grant create on schemas to pg_monitor;

-- with owners and grants
-- extra default privileges school.pg_monitor."FUNCTIONS"
alter default privileges for role pg_monitor in schema school grant execute on functions to pg_read_all_data;

-- from 18
-- with owners and grants
-- extra default privileges postgres."LARGE OBJECTS"
alter default privileges grant select on large objects to pg_monitor;

-- with owners and grants
-- extra privileges "LANGUAGE".sql
grant usage on language sql to pg_monitor;

-- with owners and grants
-- extra privileges "LANGUAGE".sql
revoke usage on language sql from public;

-- with owners and grants
-- changed privileges "LANGUAGE".plpgsql
revoke grant option for usage on language plpgsql from pg_monitor;
revoke usage on language plpgsql from public;

-- with owners and grants
-- missing privileges pg_catalog."FUNCTION".plpgsql_call_handler()
revoke execute on function plpgsql_call_handler() from pg_monitor;

-- with owners and grants
-- extra privileges pg_catalog."FUNCTION".plpgsql_validator(oid)
revoke execute on function plpgsql_validator(oid) from public;
grant execute on function plpgsql_validator(oid) to pg_monitor with grant option;

-- with owners and grants
-- extra default privileges postgres."TABLES"
alter default privileges revoke insert, update on tables from current_user;

-- with owners and grants
-- extra default privileges school.postgres."SEQUENCES"
alter default privileges in schema school grant usage on sequences to current_user;

-- with owners and grants
-- extra default privileges postgres."TABLES"
-- extra table school.granted
alter default privileges revoke insert on tables from current_user;
create table school.granted ();
