-- Changes by hand: constraints. ../cases.py says how to read this.

-- changed unique constraint school.students.students_big_key
-- changed unique constraint school.students.deferred_unique
alter table school.students drop constraint deferred_unique;
alter table school.students add constraint deferred_unique unique (big, id);
alter table school.students replica identity using index deferred_unique;

-- changed check constraint school.events_other.events_other_note_check
-- changed index school.events_other_note
-- changed statistics object school.expressions
-- renamed column school.events.note
alter table school.events rename note to notes;

-- missing check constraint school.events.kind_known
-- extra check constraint school.events.other
alter table school.events drop constraint kind_known, add constraint other check (id > 0);

-- renamed check constraint school.events.kind_known
alter table school.events rename constraint kind_known to kind_check;

-- missing primary key school.events.events_pkey
-- missing foreign key school.log.log_event_at_kind_fkey
alter table school.events drop constraint events_pkey cascade;

-- missing foreign key school.plans.plans_quota_fkey
alter table school.plans drop constraint plans_quota_fkey;

-- extra primary key school.log.log_pkey
-- changed column school.log.event
alter table school.log add primary key (event);

-- extra unique constraint school.log.one
-- extra check constraint school.log.two
-- extra exclusion constraint school.log.three
alter table school.log add constraint one unique (at), add constraint two check (event > 0) not valid,
  add constraint three exclude (kind with =);

-- missing check constraint school.students."named ""check"""
alter table school.students drop constraint "named ""check""";

-- changed check constraint school.students."named ""check"""
alter table school.students validate constraint "named ""check""";

-- changed check constraint school.students.students_price_check
alter table school.students drop constraint students_price_check, add check (price > 0);

-- renamed check constraint school.students.students_price_check
alter table school.students rename constraint students_price_check to no_debts;

-- renamed unique constraint school.students.named_unique
alter index school.named_unique rename to other;

-- changed unique constraint school.students.named_unique
alter index school.named_unique reset (fillfactor);

-- changed primary key school.students.students_pkey
comment on constraint students_pkey on school.students is null;

-- missing exclusion constraint school.lessons.no_overlap
alter table school.lessons drop constraint no_overlap;

-- changed foreign key school.lessons.lessons_student_fkey
alter table school.lessons alter constraint lessons_student_fkey not deferrable;

-- changed foreign key school.lessons.lessons_student_fkey
alter table school.lessons drop constraint lessons_student_fkey,
  add foreign key (student) references school.students;

-- redo by hand
-- changed foreign key school.lessons.lessons_student_fkey
do $$ begin execute (select format('alter table %s disable trigger %I', tgrelid::regclass, tgname)
  from pg_trigger where tgconstraint = (select oid from pg_constraint
  where conname = 'lessons_student_fkey') order by tgrelid::regclass::text limit 1); end $$;

-- missing foreign key school.lessons.pair
-- changed foreign key school.lessons.late
alter table school.lessons drop constraint pair, validate constraint late;

-- missing primary key school.loans.loans_pkey
-- changed column school.loans.id
alter table school.loans drop constraint loans_pkey;
alter table school.loans alter id drop not null;

-- missing primary key school.loans.loans_pkey
alter table school.loans drop constraint loans_pkey;
alter table school.loans alter id set not null;

-- changed primary key school.loans.loans_pkey
alter table school.loans drop constraint loans_pkey, add primary key (id) include (book);

-- changed primary key school.loans.loans_pkey
alter table school.loans drop constraint loans_pkey, add primary key (id) deferrable initially immediate;

-- renamed primary key school.loans.loans_pkey
alter table school.loans rename constraint loans_pkey to pk_loans;

-- changed primary key school.loans.loans_pkey
comment on index school.loans_pkey is 'of the index, not of the constraint';

-- changed primary key school.loans.loans_pkey
comment on constraint loans_pkey on school.loans is 'of the constraint';

-- redo by hand
-- changed unique constraint school.loans.loans_once
update pg_index set indisvalid = false where indexrelid = 'school.loans_once'::regclass;

-- changed unique constraint school.loans.loans_once
alter index school.loans_once set (fillfactor = 55);

-- changed unique constraint school.loans.loans_once
alter index school.loans_once set tablespace elsewhere;

-- changed unique constraint school.loans.loans_once
alter table school.loans drop constraint loans_once, add constraint loans_once unique (since, book);

-- changed unique constraint school.loans.loans_once
alter table school.loans drop constraint loans_once,
  add constraint loans_once unique nulls not distinct (book, since);

-- missing unique constraint school.loans.loans_once
-- extra index school.loans_once
alter table school.loans drop constraint loans_once;
create unique index loans_once on school.loans (book, since);

-- extra unique constraint school.books.books_by_title
create unique index books_by_title on school.books (title);
alter table school.books add constraint books_by_title unique using index books_by_title;

-- missing unique constraint school.clubs.clubs_name_key
alter table school.clubs drop constraint clubs_name_key;

-- renamed unique constraint school.clubs.clubs_name_key
alter table school.clubs rename constraint clubs_name_key to one_name;

-- changed unique constraint school.clubs.clubs_name_key
alter table school.clubs drop constraint clubs_name_key, add unique (name) deferrable;

-- changed check constraint school.loans.loans_order
alter table school.loans drop constraint loans_order, add constraint loans_order check (until > since);

-- changed check constraint school.loans.loans_order
alter table school.loans drop constraint loans_order,
  add constraint loans_order check (until >= since) not valid;

-- changed check constraint school.loans.loans_order
alter table school.loans drop constraint loans_order,
  add constraint loans_order check (until >= since) no inherit;

-- changed check constraint school.loans.loans_order
comment on constraint loans_order on school.loans is 'in time';

-- renamed check constraint school.loans.loans_order
alter table school.loans rename constraint loans_order to in_time;

-- missing check constraint school.meals.meals_dish
alter table school.meals drop constraint meals_dish;

-- extra check constraint school.meals.cheap
alter table school.meals add constraint cheap check (price < '10'::money) not valid;

-- missing foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book;

-- changed foreign key school.loans.loans_book
alter table school.loans alter constraint loans_book deferrable initially deferred;

-- changed foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.books on delete restrict;

-- changed foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.books on delete cascade on update cascade;

-- changed foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.books match full on delete cascade;

-- changed foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.books on delete cascade not valid;

-- changed foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.clubs on delete cascade;

-- changed foreign key school.loans.loans_book
alter table school.loans drop constraint loans_book,
  add constraint loans_book foreign key (book) references school.books on delete set null (book);

-- changed foreign key school.loans.loans_book
comment on constraint loans_book on school.loans is 'which';

-- renamed foreign key school.trips.trips_club_fkey
alter table school.trips rename constraint trips_club_fkey to of_club;

-- extra foreign key school.trips.other_club
alter table school.trips add constraint other_club foreign key (club) references school.clubs;

-- redo by hand
-- changed foreign key school.loans.loans_book
alter table school.loans disable trigger all;

-- changed exclusion constraint school.lessons.no_overlap
alter table school.lessons drop constraint no_overlap,
  add constraint no_overlap exclude using gist (during with &&) where (room is null);

-- changed exclusion constraint school.lessons.no_overlap
alter table school.lessons drop constraint no_overlap,
  add constraint no_overlap exclude using gist (during with =) where (room is not null);

-- renamed exclusion constraint school.lessons.no_overlap
alter table school.lessons rename constraint no_overlap to never_twice;

-- extra unique constraint school.events.events_whole
alter table school.events add constraint events_whole unique (id, at, kind);

-- redo by hand
-- extra unique constraint school.events.events_only
alter table only school.events add constraint events_only unique (id, at, kind);

-- extra check constraint school.pupils.young
alter table school.pupils add constraint young check (id < 1000);

-- from 18
-- changed check constraint eighteen.promises.positive
alter table eighteen.promises drop constraint positive, add constraint positive check (a > 0);

-- from 18
-- changed check constraint eighteen.promises.bounded
alter table eighteen.promises drop constraint bounded,
  add constraint bounded check (a < 100) not enforced;

-- from 18
-- changed foreign key eighteen.promises.aimed
alter table eighteen.promises alter constraint aimed enforced;

-- from 18
-- changed foreign key eighteen.promises.held
alter table eighteen.promises alter constraint held not enforced;

-- from 18
-- changed primary key eighteen.periods.periods_key
-- missing foreign key eighteen.bookings.bookings_periods
alter table eighteen.bookings drop constraint bookings_periods;
alter table eighteen.periods drop constraint periods_key, add constraint periods_key primary key (id, valid);

-- from 18
-- missing foreign key eighteen.bookings.bookings_periods
alter table eighteen.bookings drop constraint bookings_periods;

-- from 18
-- extra unique constraint eighteen.bookings.once
alter table eighteen.bookings add constraint once unique (who, valid without overlaps);

-- from 18
-- changed column eighteen.required.c
-- missing not-null constraint eighteen.required.later
alter table eighteen.required drop constraint later;

-- from 18
-- missing not-null constraint eighteen.required.later
alter table eighteen.required validate constraint later;

-- from 18
-- missing not-null constraint eighteen.required.kept
alter table eighteen.required alter constraint kept inherit;

-- from 18
-- extra not-null constraint eighteen.required.required_b_not_null
alter table eighteen.required alter constraint required_b_not_null no inherit;

-- from 18
-- extra not-null constraint eighteen.required.required_d_not_null
comment on constraint required_d_not_null on eighteen.required is 'must be';
