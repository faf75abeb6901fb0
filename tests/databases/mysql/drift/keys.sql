-- Changes by hand: keys, indexes and constraints.

-- extra primary key places."PRIMARY"
-- changed column places.id
alter table places add primary key (id);

-- missing primary key by_key."PRIMARY"
alter table by_key drop primary key;

-- changed primary key notes."PRIMARY"
alter table notes drop primary key, add primary key (id);

-- missing unique constraint students.uq_students_name
alter table students drop index uq_students_name;

-- changed unique constraint students.uq_students_name
alter table students drop index uq_students_name, add unique key uq_students_name (first_name, last_name);

-- changed unique constraint students.uq_students_name
alter table students drop index uq_students_name, add unique key uq_students_name (last_name(10), first_name);

-- changed unique constraint students.uq_students_name
alter table students drop index uq_students_name, add unique key uq_students_name (first_name desc, last_name(10));

-- missing unique constraint students.uq_students_name
-- extra index students.uq_students_name
alter table students drop index uq_students_name, add index uq_students_name (first_name, last_name(10));

-- renamed unique constraint students.uq_students_name
alter table students rename index uq_students_name to uq_students_names;

-- extra unique constraint students.uq_more
alter table students add unique key uq_more (height);

-- missing unique constraint notes.uq_notes_long
alter table notes drop index uq_notes_long;

-- missing unique constraint stays.uq_stays
alter table stays drop index uq_stays;

-- changed unique constraint stays.uq_stays
alter table stays drop index uq_stays, add unique key uq_stays (room, arrives);

-- missing index students.ix_students_born
drop index ix_students_born on students;

-- extra index students.ix_more
create index ix_more on students (height);

-- renamed index students.ix_students_born
alter table students rename index ix_students_born to ix_students_birth;

-- changed index students.ix_students_born
alter table students drop index ix_students_born, add index ix_students_born (born);

-- changed index students.ix_students_born
alter table students drop index ix_students_born, add index ix_students_born (born, height) comment 'by age';

-- changed index students.ix_students_size
alter table students drop index ix_students_size, add index ix_students_size (size, born);

-- changed index students.ix_students_size
alter table students drop index ix_students_size, add index ix_students_size (born desc, size);

-- changed index students.ix_students_till
alter table students alter index ix_students_till not ignored;

-- changed index students.ix_students_born
alter table students alter index ix_students_born ignored;

-- missing index notes.ft_notes
alter table notes drop index ft_notes;

-- extra index notes.ft_more
alter table notes add fulltext index ft_more (words, more);

-- changed index notes.ft_notes
alter table notes drop index ft_notes, add index ft_notes (words(20));

-- missing index places.sp_places
alter table places drop index sp_places;

-- changed index places.sp_places
alter table places drop index sp_places, add index sp_places (at(10));

-- missing foreign key marks.fk_marks_teacher
alter table marks drop foreign key fk_marks_teacher;

-- missing foreign key marks.fk_marks_teacher
-- missing index marks.fk_marks_teacher
alter table marks drop foreign key fk_marks_teacher, drop index fk_marks_teacher;

-- changed foreign key marks.fk_marks_teacher
alter table marks drop foreign key fk_marks_teacher;
alter table marks add constraint fk_marks_teacher foreign key (teacher_id) references teachers (id);

-- changed foreign key marks.fk_marks_teacher
alter table marks drop foreign key fk_marks_teacher;
alter table marks add constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete set null;

-- changed foreign key marks.fk_marks_code
alter table marks drop foreign key fk_marks_code;
alter table marks add constraint fk_marks_code foreign key (code) references teachers (code) on delete set null;

-- renamed foreign key marks.fk_marks_code
alter table marks drop foreign key fk_marks_code;
alter table marks add constraint fk_other foreign key (code) references teachers (code) on update cascade on delete set null;

-- changed foreign key marks.fk_marks_parent
alter table marks drop foreign key fk_marks_parent;
alter table marks add constraint fk_marks_parent foreign key (parent_id) references teachers (id);

-- extra foreign key plain_table.fk_plain
-- extra index plain_table.fk_plain
alter table plain_table add constraint fk_plain foreign key (n) references teachers (id);

-- missing check constraint students.ck_students_price
alter table students drop constraint ck_students_price;

-- changed check constraint students.ck_students_price
alter table students drop constraint ck_students_price;
alter table students add constraint ck_students_price check (price > 0 and first_name <> 'a  b');

-- changed check constraint students.ck_students_price
alter table students drop constraint ck_students_price;
alter table students add constraint ck_students_price check (price >= 0 and first_name <> 'a b');

-- renamed check constraint students.ck_students_price
alter table students drop constraint ck_students_price;
alter table students add constraint ck_price check (price >= 0 and first_name <> 'a  b');

-- extra check constraint plain_table.ck_more
alter table plain_table add constraint ck_more check (n in (1, 2));
