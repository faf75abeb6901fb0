-- Written by driftcheck repair for school, PostgreSQL 16.4
-- postgresql://app@localhost:5432/school, stamped with 0414d1b7a2ae
-- Not proved: Step 1 fails on a copy of the schema: no such column.
\set ON_ERROR_STOP on

-- Each statement is committed by itself.

-- Step 1: column public.students.city was created outside the migrations [drift-column-extra]
--   loses data: the values of column public.students.city
--   blocks reads and writes of table public.students (about 1,200,000 rows) until COMMIT (ACCESS EXCLUSIVE)
ALTER TABLE public.students DROP COLUMN city;
