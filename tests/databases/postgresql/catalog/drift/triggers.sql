-- Changes by hand: triggers. ../cases.py says how to read this.

-- changed trigger school.students.touched
alter table school.students disable trigger touched;

-- changed trigger school.students.touched
create or replace trigger touched before delete on school.students
  for each row execute function school.touch();

-- changed trigger school.lessons.later
alter table school.lessons enable replica trigger later;

-- missing trigger school.joined.instead
drop trigger instead on school.joined;

-- missing trigger school.events.parted
drop trigger parted on school.events;

-- renamed trigger school.students.touched
alter trigger touched on school.students rename to moved;

-- changed event trigger watched
alter event trigger watched enable replica;

-- changed event trigger watched
drop event trigger watched;
create event trigger watched on sql_drop execute function school.watch();

-- changed trigger school.books.audited
alter table school.books disable trigger audited;

-- changed trigger school.books.audited
alter table school.books enable always trigger audited;

-- changed trigger school.books.audited
alter table school.books disable trigger user;

-- changed trigger school.books.audited
create or replace trigger audited after insert on school.books for each row execute function school.touch('x', 'y');

-- changed trigger school.books.audited
create or replace trigger audited after insert or delete on school.books
  for each row execute function school.touch('x', 'z');

-- changed trigger school.books.audited
create or replace trigger audited after insert or delete on school.books
  for each statement execute function school.touch('x', 'y');

-- changed trigger school.books.audited
comment on trigger audited on school.books is 'all of it';

-- changed trigger school.books.audited
alter trigger audited on school.books depends on extension plpgsql;

-- missing trigger school.books.audited
drop trigger audited on school.books;

-- extra trigger school.books.emptied
create trigger emptied before truncate on school.books execute function school.touch();

-- changed trigger school.clubs.clubs_head
create or replace trigger clubs_head before update of head on school.clubs for each row
  execute function school.touch();

-- changed trigger school.clubs.clubs_head
create or replace trigger clubs_head before update of head, name on school.clubs for each row
  when (old.head is distinct from new.head) execute function school.touch();

-- renamed trigger school.clubs.clubs_head
alter trigger clubs_head on school.clubs rename to new_head;

-- changed trigger school.lessons.later
drop trigger later on school.lessons;
create constraint trigger later after insert on school.lessons deferrable initially immediate
  for each row execute function school.touch();
alter table school.lessons enable always trigger later;

-- changed trigger school.events.parted
alter table school.events disable trigger parted;

-- changed trigger school.events.parted
alter table school.events_2024 disable trigger parted;

-- changed trigger school.events.parted
alter table school.events_2025_x enable always trigger parted;

-- extra trigger school.events_2024.alone
create trigger alone after update on school.events_2024 for each row execute function school.touch();

-- extra trigger school.lent_books.returned
create trigger returned instead of delete on school.lent_books for each row execute function school.touch();

-- extra trigger school.remote_log.logged
create trigger logged before insert on school.remote_log for each row execute function school.touch();

-- changed event trigger watched
alter event trigger watched enable;

-- changed event trigger watched
alter event trigger watched enable always;

-- changed event trigger watched
comment on event trigger watched is null;

-- changed event trigger watched
drop event trigger watched;
create event trigger watched on ddl_command_end when tag in ('CREATE TABLE') execute function school.watch();
alter event trigger watched disable;
comment on event trigger watched is 'sleeps';

-- renamed event trigger watched
alter event trigger watched rename to asleep;

-- missing event trigger watched
drop event trigger watched;

-- extra event trigger rewrites
create event trigger rewrites on table_rewrite execute function school.watch();
alter event trigger rewrites disable;

-- from 18
-- extra event trigger visits
create event trigger visits on login execute function school.watch();
alter event trigger visits disable;
