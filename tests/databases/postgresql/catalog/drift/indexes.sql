-- Changes by hand: indexes. ../cases.py says how to read this.

-- extra index school.events_at_idx
-- renamed index school.events_2024_kind_idx
create index on school.events (at);
alter index school.events_2024_kind_idx rename to by_kind;

-- missing index school.lessons_room
drop index school.lessons_room;

-- extra index school.lessons_b_idx
create unique index on school.lessons (b) where b > 0;

-- changed index school.lessons_room
drop index school.lessons_room;
create index lessons_room on school.lessons (room);

-- redo by hand
-- changed index school.lessons_room
update pg_index set indisvalid = false where indexrelid = 'school.lessons_room'::regclass;

-- renamed index school.lessons_room
alter index school.lessons_room rename to by_room;

-- changed index school.lessons_room
comment on index school.lessons_room is 'other words';

-- missing index school.events_kind
drop index school.events_kind;

-- missing index school.summary_mood
drop index school.summary_mood;

-- changed statistics object school.together
alter statistics school.together set statistics -1;

-- changed statistics object school.expressions
drop statistics school.expressions;
create statistics school.expressions on lower(note), kind, id from school.events;

-- changed index school.books_title
drop index school.books_title;
create unique index books_title on school.books (title);

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title desc);

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title nulls first);

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title collate "C");

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title text_pattern_ops);

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title) include (author);

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title) where lent;

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books using hash (title);

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (upper(title));

-- changed index school.books_title
drop index school.books_title;
create index books_title on school.books (title, author);

-- changed index school.books_title
alter index school.books_title set (fillfactor = 60);

-- changed index school.books_title
alter index school.books_title set (deduplicate_items = off);

-- changed index school.books_title
alter index school.books_title set tablespace elsewhere;

-- changed index school.books_title
comment on index school.books_title is 'by title';

-- changed index school.books_title
alter index school.books_title depends on extension plpgsql;

-- redo by hand
-- changed index school.books_title
update pg_index set indisready = false where indexrelid = 'school.books_title'::regclass;

-- renamed index school.books_author
alter index school.books_author rename to books_by_author;

-- changed index school.books_author
alter index school.books_author alter column 1 set statistics 1000;

-- changed index school.books_search
drop index school.books_search;
create index books_search on school.books using gist (search tsvector_ops (siglen = 200));

-- changed index school.books_search
drop index school.books_search;
create index books_search on school.books using gin (search);

-- changed index school.books_tags
alter index school.books_tags reset (fastupdate);

-- changed index school.books_tags
alter index school.books_tags set (gin_pending_list_limit = 128);

-- missing index school.books_tags
drop index school.books_tags;

-- extra index school.loans_student
create index loans_student on school.loans (student) with (fillfactor = 50);

-- extra index school.audits_what
create index audits_what on school.audits using gin (what jsonb_path_ops);

-- extra index school.audits_at
create index audits_at on school.audits using brin (at) with (autosummarize = on);

-- extra index school.audits_who
create unique index audits_who on school.audits (who) nulls not distinct;

-- extra index school.events_by_note
create index events_by_note on only school.events (note);

-- extra index school.events_2024_id
create index events_2024_id on school.events_2024 (id);

-- changed index school.titles_copies
drop index school.titles_copies;
create index titles_copies on school.titles (copies desc);

-- changed table school.meals
-- changed column school.meals.day
-- extra index school.meals_day
create unique index meals_day on school.meals (day);
alter table school.meals alter day set not null;
alter table school.meals replica identity using index meals_day;

-- missing statistics object school.together
drop statistics school.together;

-- extra statistics object school.of_books
create statistics school.of_books (ndistinct) on title, author from school.books;

-- changed statistics object school.together
drop statistics school.together;
create statistics school.together (dependencies) on name, born from school.students;
alter statistics school.together set statistics 200;
comment on statistics school.together is 'of two';

-- changed statistics object school.together
alter statistics school.together set statistics 0;

-- changed statistics object school.together
comment on statistics school.together is null;

-- renamed statistics object school.together
alter statistics school.together rename to two;

-- with owners and grants
-- changed statistics object school.together
alter statistics school.together owner to pg_monitor;

-- changed index school.events_kind
-- missing index school.events_2024_kind_idx
-- missing index school.events_2025_kind_idx
-- missing index school.events_1999_kind_idx
-- missing index school.events_other_kind_idx
drop index school.events_kind;
create index events_kind on only school.events (kind);

-- extra index school.sorted_word
create index sorted_word on only school.sorted (word);
