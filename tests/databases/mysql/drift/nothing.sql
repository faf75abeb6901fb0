-- What happens to a database and is no change of its schema.

-- nothing
insert into notes (id, words, more, amount) values (1, 'x', 'y', 2);

-- nothing
alter table students auto_increment = 1000;

-- nothing
analyze table students;

-- nothing
optimize table notes;

-- nothing
check table marks;

-- nothing
alter table plain_table force;

-- nothing
alter table plain_table engine=InnoDB;

-- nothing
do nextval(tickets);

-- nothing
do setval(plain, 500);

-- nothing
truncate table marks;

-- nothing
alter table students modify born date after price;

-- nothing
alter table teachers modify code char(3) not null first;

-- nothing
alter table notes modify amount int(11) null check (amount > 0);

-- nothing
alter table marks modify parent_id integer;

-- nothing
alter table compact modify n int null default null;

-- nothing
alter table squeezed modify b varchar(100) charset utf8mb4;

-- nothing
alter table students drop key ix_students_born, add index ix_students_born using btree (born asc) comment 'by age';

-- nothing
alter table marks drop foreign key fk_marks_parent;
alter table marks add constraint fk_marks_parent foreign key (parent_id) references marks (id) on delete restrict on update no action;

-- nothing
alter table students drop constraint ck_students_price;
alter table students add constraint ck_students_price check ((price >= 0) and (`first_name` <> 'a  b'));

-- nothing
create or replace view grown as select `id`, first_name as name /* again */ from students where (price > 1);

-- nothing
drop view some_notes;
create algorithm=merge definer=root@localhost sql security invoker view some_notes as select notes.id as id, notes.words as words from notes;

-- nothing
create or replace function twice(n integer) returns int(11) deterministic no sql comment 'two'   return n  *  2;

-- nothing
create or replace trigger marks_before before insert on marks for each row
  set new.code = upper(new.code) -- again;

-- nothing
create or replace event nightly on schedule every '1' day on completion preserve disable comment 'cleans' do delete from notes where id < 0;

-- nothing
drop table plain_table;
create table plain_table (n integer null default null) engine=innodb charset=utf8mb4;

-- nothing
drop table by_hash;
create table by_hash (n int not null) engine=InnoDB partition by hash (n)
  (partition p0, partition p1, partition p2, partition p3);

-- nothing
alter table by_range rebuild partition p0;

-- nothing
create temporary table scratch (n int);

-- nothing
rename table marks to other, other to marks;

-- nothing
alter table timed partition by system_time interval 1 month (partition p0 history, partition p_now current);

-- nothing
create event once on schedule at current_timestamp + interval 1 day do set @a = 1;

-- nothing
set sql_mode = 'ansi_quotes';
create or replace procedure "empty_one"() begin  end;
set sql_mode = default;

-- nothing
lock tables notes write;
insert into notes (id) values (77);
unlock tables;
