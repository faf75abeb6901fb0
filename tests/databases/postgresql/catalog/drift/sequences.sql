-- Changes by hand: sequences. ../cases.py says how to read this.

-- renamed sequence school.students_id_seq
-- changed column school.students.id
alter sequence school.students_id_seq rename to students_number;

-- changed sequence school.tickets
alter sequence school.tickets as bigint increment 2 maxvalue 400 no cycle;

-- changed sequence school.scratch_numbers
alter sequence school.scratch_numbers set logged;

-- missing sequence school.down
drop sequence school.down;

-- changed sequence school.lockers
alter sequence school.lockers as bigint;

-- changed sequence school.lockers
alter sequence school.lockers increment by 20;

-- changed sequence school.lockers
alter sequence school.lockers minvalue 50;

-- changed sequence school.lockers
alter sequence school.lockers maxvalue 950;

-- changed sequence school.lockers
alter sequence school.lockers start with 200;

-- changed sequence school.lockers
alter sequence school.lockers cache 5;

-- changed sequence school.lockers
alter sequence school.lockers no cycle;

-- changed sequence school.lockers
comment on sequence school.lockers is 'numbered';

-- changed sequence school.badges
alter sequence school.badges owned by school.marks.student;

-- changed sequence school.badges
alter sequence school.badges set unlogged;

-- renamed sequence school.badges
alter sequence school.badges rename to tags;

-- renamed sequence school.badges
alter sequence school.badges set schema public;

-- extra sequence school.added
create sequence school.added as smallint;

-- with owners and grants
-- changed sequence school.badges
revoke usage on sequence school.badges from pg_monitor;

-- with owners and grants
-- changed sequence school.tickets
grant select, usage on sequence school.tickets to pg_monitor;

-- with owners and grants
-- changed sequence school.lockers
alter sequence school.lockers owner to pg_monitor;
