-- Changes by hand: foreign data. ../cases.py says how to read this.

-- changed foreign table school.far_events_1
alter table school.far_events detach partition school.far_events_1;

-- missing foreign table school.far_events_1
drop foreign table school.far_events_1;

-- changed foreign data wrapper wrapper
alter foreign data wrapper wrapper options (set debug 'off', add more 'x');

-- changed server far
alter server far version '2' options (drop port, set host 'other', add dbname 'it''s');

-- redo by hand
-- changed server far
alter server far options (add password 'Never shown');
alter server far options (drop password, add passphrase 'Never shown');

-- redo by hand
-- extra server secretive
create server secretive foreign data wrapper wrapper options (token 'Never shown');

-- changed user mapping far."PUBLIC"
alter user mapping for public server far options (set username 'v');

-- extra user mapping far.pg_monitor
create user mapping for pg_monitor server far;

-- changed foreign table school.elsewhere
-- changed column school.elsewhere.id
-- extra column school.elsewhere.more
alter foreign table school.elsewhere options (set path '/y'), alter id options (drop remote),
  add more text options (remote 'm') collate "C" not null;

-- missing foreign table school.elsewhere
drop foreign table school.elsewhere;

-- changed foreign data wrapper wrapper
alter foreign data wrapper wrapper options (drop debug);

-- changed foreign data wrapper wrapper
comment on foreign data wrapper wrapper is 'of paper';

-- extra foreign data wrapper paper
create foreign data wrapper paper validator postgresql_fdw_validator;

-- changed server near
alter server near version '7';

-- changed server near
alter server near options (host 'localhost');

-- changed server near
comment on server near is 'here';

-- changed server far
alter server far options (drop port);

-- extra server third
create server third type 'y' foreign data wrapper wrapper;

-- missing server near
-- missing user mapping near.pg_monitor
-- missing foreign table school.remote_log
drop server near cascade;

-- changed user mapping near.pg_monitor
alter user mapping for pg_monitor server near options (add username 'watcher');

-- missing user mapping near.pg_monitor
drop user mapping for pg_monitor server near;

-- extra user mapping near."PUBLIC"
create user mapping for public server near options (username 'anyone');

-- changed foreign table school.remote_log
alter foreign table school.remote_log options (set file 'other');

-- changed foreign table school.remote_log
alter foreign table school.remote_log options (add format 'csv');

-- changed foreign table school.remote_log
comment on foreign table school.remote_log is 'elsewhere';

-- changed foreign table school.remote_log
drop foreign table school.remote_log;
create foreign table school.remote_log (line text, at timestamptz) server far options (file 'log');

-- renamed foreign table school.remote_log
alter foreign table school.remote_log rename to far_log;

-- changed column school.remote_log.line
alter foreign table school.remote_log alter line type character varying(10);

-- changed column school.remote_log.line
alter foreign table school.remote_log alter line set not null;

-- changed column school.remote_log.line
alter foreign table school.remote_log alter line set default 'empty';

-- changed column school.remote_log.line
alter foreign table school.remote_log alter line options (remote 'l');

-- changed column school.remote_log.line
alter foreign table school.remote_log alter line set statistics 50;

-- changed column school.remote_log.line
alter foreign table school.remote_log alter line set storage external;

-- renamed column school.remote_log.line
alter foreign table school.remote_log rename line to text;

-- missing column school.remote_log.at
alter foreign table school.remote_log drop at;

-- extra check constraint school.remote_log.named
alter foreign table school.remote_log add constraint named check (line <> '') not valid;

-- changed foreign table school.remote_log
-- extra table school.lines
create table school.lines (line text, at timestamptz);
alter foreign table school.remote_log inherit school.lines;

-- extra foreign table school.remote_marks
create foreign table school.remote_marks (mark integer) server near;

-- with owners and grants
-- changed foreign data wrapper wrapper
grant usage on foreign data wrapper wrapper to pg_monitor;

-- with owners and grants
-- changed server far
revoke usage on foreign server far from pg_monitor;

-- with owners and grants
-- changed server near
grant usage on foreign server near to pg_monitor;
alter server near owner to pg_monitor;

-- with owners and grants
-- changed foreign table school.elsewhere
grant select on school.elsewhere to public;

-- with owners and grants
-- changed foreign table school.remote_log
alter foreign table school.remote_log owner to pg_monitor;
