-- Written by driftcheck repair for school, PostgreSQL 16.4
-- postgresql://app@localhost:5432/school, stamped with 0414d1b7a2ae
-- Proved: the plan was run on a copy of the schema.
-- Only the manual step is left.
-- The values of column public.students.last_name do not come back.
-- 1 ignored finding is not repaired.
\set ON_ERROR_STOP on

BEGIN;

-- Step 1: column public.students.city was created outside the migrations [drift-column-extra]
--   loses data: the values of column public.students.city
--   blocks reads and writes of table public.students (about 1,200,000 rows) until COMMIT (ACCESS EXCLUSIVE)
ALTER TABLE public.students DROP COLUMN city;

-- Step 2: column public.students.last_name
ALTER TABLE public.students ADD COLUMN last_name character varying(64);

COMMIT;

-- Step 3: column public.students.last_name was dropped outside the migrations [drift-column-missing]
--   cannot run in a transaction
CREATE INDEX CONCURRENTLY ix_city ON public.students (last_name);

-- By hand: Set it in every row.
