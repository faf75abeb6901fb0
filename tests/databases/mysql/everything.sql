-- What a MariaDB schema can hold. The cases of drift/ change it by hand.

create sequence tickets start with 5 increment by 2 minvalue 1 maxvalue 1000 cache 7 cycle comment 'to the show';

create sequence plain;

create table students (
  id int unsigned not null auto_increment comment 'counts',
  first_name varchar(50) not null default 'it''s',
  last_name varchar(50) character set utf8mb4 collate utf8mb4_bin,
  born date,
  size enum('s', 'm', 'l') not null default 'm',
  hobbies set('chess', 'go', 'football'),
  price decimal(10, 2) default 1.50,
  flags bit(3) default b'101',
  changed timestamp not null default current_timestamp on update current_timestamp,
  till datetime(6),
  pupils int default (1 + 2),
  doubled int generated always as (pupils * 2) stored,
  tripled int generated always as (pupils * 3) virtual,
  secret int invisible default 1,
  counter int(5) zerofill,
  height double,
  body longblob,
  primary key (id),
  unique key uq_students_name (first_name, last_name(10)),
  key ix_students_born (born) comment 'by age',
  key ix_students_size (size, born desc),
  key ix_students_till (till) ignored,
  constraint ck_students_price check (price >= 0 and first_name <> 'a  b')
) engine=InnoDB default character set utf8mb4 collate utf8mb4_general_ci comment='all of ''them''';

create table notes (
  id int not null,
  words text,
  more mediumtext,
  data json,
  amount int check (amount > 0),
  primary key (id) comment 'main',
  fulltext key ft_notes (words),
  unique key uq_notes_long (more) using hash
) engine=InnoDB;

create table teachers (
  id int not null primary key,
  code char(3) not null,
  unique key uq_teachers_code (code)
) engine=InnoDB;

create table marks (
  id int not null primary key,
  teacher_id int,
  code char(3),
  parent_id int,
  key ix_marks_code (code),
  constraint fk_marks_teacher foreign key (teacher_id) references teachers (id) on delete cascade,
  constraint fk_marks_code foreign key (code) references teachers (code) on update cascade on delete set null,
  constraint fk_marks_parent foreign key (parent_id) references marks (id)
) engine=InnoDB;

create table by_range (n int not null, t varchar(9)) engine=InnoDB
  partition by range (n) (partition p0 values less than (10) comment = 'few', partition p1 values less than maxvalue);

create table by_list (n int not null, t varchar(9)) engine=InnoDB
  partition by list columns (t) (partition a values in ('a', 'b'), partition rest default);

create table by_hash (n int not null) engine=InnoDB partition by hash (n) partitions 4;

create table by_key (n int not null primary key) engine=InnoDB partition by key (n) partitions 2;

create table below (n int not null, d date not null) engine=InnoDB
  partition by range (to_days(d)) subpartition by hash (n) subpartitions 2
  (partition p0 values less than (to_days('2020-01-01')), partition p1 values less than maxvalue);

create table compact (n int) engine=InnoDB row_format=compact stats_persistent=1 max_rows=100;

create table plain_table (n int) engine=InnoDB;

create table versioned (a int, b int without system versioning) engine=InnoDB with system versioning;

create table timed (
  a int,
  begins timestamp(6) generated always as row start,
  ends timestamp(6) generated always as row end invisible,
  period for system_time (begins, ends)
) engine=InnoDB with system versioning
  partition by system_time interval 1 month (partition p0 history, partition p_now current);

create table stays (
  room int not null, arrives date not null, leaves date not null,
  period for stay (arrives, leaves),
  unique key uq_stays (room, stay without overlaps)
) engine=InnoDB;

create table places (id int, at point not null, area geometry ref_system_id=4326, spatial key sp_places (at)) engine=InnoDB;

create table squeezed (a text compressed, b varchar(100)) engine=InnoDB;

create table old_style (n int) engine=MyISAM checksum=1 default character set latin1;

create table numbered (n bigint not null default nextval(tickets)) engine=InnoDB;

create view grown as select id, first_name as name from students where price > 1;

create view grown_names as select name from grown where name <> 'x' with cascaded check option;

create algorithm=merge sql security invoker view some_notes as select id, words from notes;

create function twice(n int) returns int deterministic no sql comment 'two' return n * 2;

create function hello(who varchar(20) character set latin1) returns varchar(30) character set latin1 not deterministic reads sql data
  return concat('hello; ', who);

create procedure tidy(in days int, out n bigint) modifies sql data sql security invoker
begin
  -- it's done
  delete from notes where id < days;
  select count(*) into n from notes; end;

create procedure empty_one() begin end;

create trigger marks_before before insert on marks for each row set new.code = upper(new.code);

create trigger marks_after after update on marks for each row
begin
  insert into notes (id, words) values (new.id, 'a;  b'); end;

create event nightly on schedule every 1 day on completion preserve disable comment 'cleans' do delete from notes where id < 0;

create event hourly on schedule every '1:30' hour_minute starts '2031-01-01 00:00:00' ends '2032-01-01 00:00:00' do set @a = 1;
