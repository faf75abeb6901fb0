-- Changes by hand: constraints and indexes.

-- missing check constraint students.ck_students_price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed check constraint students.ck_students_price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price > 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- renamed check constraint students.ck_students_price
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- extra check constraint students.ck_more
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name), constraint ck_more check (pupils > 1));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- missing unique constraint students.uq_students_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed unique constraint students.uq_students_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (last_name, first_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed unique constraint students.uq_students_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name, born));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed unique constraint students.uq_students_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name) on conflict replace);
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed unique constraint students.uq_students_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name collate nocase, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- renamed unique constraint students.uq_students_name
drop table students;
create table students (id integer primary key autoincrement, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- changed primary key students."(id)"
drop table students;
create table students (id integer primary key, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- missing primary key students."(id)"
-- changed column students.id
drop table students;
create table students (id integer, first_name varchar(50) not null default 'it''s', last_name text collate nocase, born date, price decimal(10, 2) default 1.5, changed timestamp default current_timestamp, pupils int default (1 + 2), flag boolean not null default 0, constraint ck_students_price check (price >= 0), constraint uq_students_name unique (first_name, last_name));
create index ix_students_born on students (born);
create index ix_students_more on students (last_name collate binary desc, born);
create unique index uq_students_lower on students (lower(first_name)) where born is not null;
create trigger students_before before update of first_name on students for each row begin select raise(abort, 'a;  b'); end;

-- missing unique constraint teachers."(code)"
drop table teachers;
create table teachers (id integer primary key, code char(3) not null, email text unique on conflict ignore);

-- changed unique constraint teachers."(email)"
drop table teachers;
create table teachers (id integer primary key, code char(3) not null unique, email text unique);

-- missing unique constraint teachers."(email)"
drop table teachers;
create table teachers (id integer primary key, code char(3) not null unique, email text);

-- extra index ix
-- missing unique constraint teachers."(code)"
drop table teachers;
create table teachers (id integer primary key, code char(3) not null, email text unique on conflict ignore);
create unique index ix on teachers (code);

-- missing foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id), foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete set null, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade on update restrict, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade deferrable initially deferred, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references parent (id) on delete cascade, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- renamed foreign key marks.fk_marks_teacher
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_teacher foreign key (teacher_id) references teachers (id) on delete cascade, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks."(code)"
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade, foreign key (code) references teachers (code) on update cascade);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed foreign key marks."(code)"
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), constraint pk_marks primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade, foreign key (code) references teachers (code) on update set default deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- missing foreign key child."(parent_id)"
drop table child;
create table child (parent_id integer);

-- changed foreign key child."(parent_id)"
drop table child;
create table child (parent_id integer references students);

-- changed foreign key child."(parent_id)"
drop table child;
create table child (parent_id integer references parent on delete cascade);

-- renamed primary key marks.pk_marks
drop table marks;
create table marks (id integer not null, teacher_id int, code char(3), primary key (id), constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade, foreign key (code) references teachers (code) on update cascade deferrable initially deferred);
create trigger marks_log after insert on marks when new.code is not null begin update marks set code = upper(code) where id = new.id; end;

-- changed primary key pairs."(a, b)"
drop table pairs;
create table pairs (a int not null, b int not null, c text, primary key (a, b)) without rowid;

-- changed column pairs.b
-- missing primary key pairs."(a, b)"
-- extra primary key pairs."(a)"
drop table pairs;
create table pairs (a int not null, b int, c text, primary key (a)) without rowid;

-- extra primary key plain."(n)"
drop table plain;
create table plain (n int primary key);

-- extra unique constraint plain."(n)"
drop table plain;
create table plain (n int unique);

-- missing check constraint checked."(a > 0)"
drop table checked;
create table checked (a int, b text check (b in ('x', 'Y')), check (a < 10 or b = 'a  b'));

-- missing check constraint checked."(a > 0)"
-- extra check constraint checked."(a > 1)"
drop table checked;
create table checked (a int check (a > 1), b text check (b in ('x', 'Y')), check (a < 10 or b = 'a  b'));

-- missing check constraint checked."(b IN ('x', 'Y'))"
-- extra check constraint checked."(b IN ('x', 'y'))"
drop table checked;
create table checked (a int check (a > 0), b text check (b in ('x', 'y')), check (a < 10 or b = 'a  b'));

-- missing check constraint checked."(a < 10 OR b = 'a  b')"
-- extra check constraint checked."(a < 10 OR b = 'a b')"
drop table checked;
create table checked (a int check (a > 0), b text check (b in ('x', 'Y')), check (a < 10 or b = 'a b'));

-- missing check constraint checked."(a > 0)"
-- extra check constraint checked.ck
drop table checked;
create table checked (a int constraint ck check (a > 2), b text check (b in ('x', 'Y')), check (a < 10 or b = 'a  b'));

-- renamed check constraint checked."(a > 0)"
drop table checked;
create table checked (a int constraint ck check (a > 0), b text check (b in ('x', 'Y')), check (a < 10 or b = 'a  b'));

-- missing index ix_students_born
drop index ix_students_born;

-- extra index ix_new
create index ix_new on plain (n);

-- extra index ix_new
create unique index ix_new on plain (n desc);

-- renamed index ix_students_born
drop index ix_students_born;
create index ix_born on students (born);

-- changed index ix_students_born
drop index ix_students_born;
create index ix_students_born on students (born, price);

-- changed index ix_students_born
drop index ix_students_born;
create index ix_students_born on students (born desc);

-- changed index ix_students_born
drop index ix_students_born;
create unique index ix_students_born on students (born);

-- changed index ix_students_born
drop index ix_students_born;
create index ix_students_born on students (born) where price > 1;

-- changed index ix_students_born
drop index ix_students_born;
create index ix_students_born on students (date(born));

-- changed index ix_students_more
drop index ix_students_more;
create index ix_students_more on students (last_name desc, born);

-- changed index ix_students_more
drop index ix_students_more;
create index ix_students_more on students (last_name collate nocase desc, born);

-- changed index ix_students_more
drop index ix_students_more;
create index ix_students_more on students (last_name collate binary, born);

-- changed index uq_students_lower
drop index uq_students_lower;
create unique index uq_students_lower on students (upper(first_name)) where born is not null;

-- changed index uq_students_lower
drop index uq_students_lower;
create unique index uq_students_lower on students (lower(first_name));

-- changed index uq_students_lower
drop index uq_students_lower;
create unique index uq_students_lower on students (lower(first_name)) where born is null;

-- changed index uq_students_lower
drop index uq_students_lower;
create index uq_students_lower on students (lower(first_name)) where born is not null;

-- missing index uq_students_lower
drop index uq_students_lower;
