-- Changes by hand: columns.

-- missing column students.price
-- missing check constraint students.ck_students_price
-- missing view grown
alter table students drop constraint ck_students_price;
drop view grown;
alter table students drop column price;

-- missing column students.height
alter table students drop column height;

-- missing column marks.code
-- missing foreign key marks.fk_marks_code
alter table marks drop foreign key fk_marks_code, drop column code;

-- extra column notes.x
alter table notes add column x int;

-- extra column notes.x
alter table notes add column x varchar(20) not null default 'y' first;

-- extra column teachers.x
alter table teachers add column x int, add index x (x);

-- missing column students.height
-- extra column students.tallness
alter table students rename column height to tallness;

-- changed column students.height
alter table students modify height float;

-- changed column students.price
alter table students modify price decimal(12, 2) default 1.50;

-- changed column students.price
alter table students modify price decimal(10, 3) default 1.50;

-- changed column students.price
alter table students modify price decimal(10, 2) default 2;

-- changed column students.price
alter table students alter column price drop default;

-- changed column students.price
alter table students modify price decimal(10, 2) not null default 1.50;

-- changed column students.first_name
alter table students modify first_name varchar(60) not null default 'it''s';

-- changed column students.first_name
alter table students modify first_name varchar(50) default 'it''s';

-- changed column students.first_name
alter table students alter first_name set default 'it is';

-- changed column students.first_name
alter table students modify first_name varchar(50) not null default 'it''s' comment 'called';

-- changed column students.id
alter table students modify id int unsigned not null auto_increment;

-- changed column students.id
alter table students modify id int unsigned not null comment 'counts';

-- changed column students.id
alter table students modify id int not null auto_increment comment 'counts';

-- changed column students.id
alter table students modify id bigint unsigned not null auto_increment comment 'counts';

-- changed column students.last_name
alter table students modify last_name varchar(50) character set utf8mb4 collate utf8mb4_unicode_ci;

-- changed column students.last_name
alter table students modify last_name varchar(50) character set latin1;

-- changed column students.size
alter table students modify size enum('s', 'm', 'l', 'xl') not null default 'm';

-- changed column students.size
alter table students modify size enum('m', 's', 'l') not null default 'm';

-- changed column students.size
alter table students modify size enum('s', 'm') not null default 'm';

-- changed column students.hobbies
alter table students modify hobbies set('chess', 'go');

-- changed column students.flags
alter table students modify flags bit(4) default b'101';

-- changed column students.flags
alter table students modify flags bit(3) default b'100';

-- changed column students.changed
alter table students modify changed timestamp not null default current_timestamp;

-- changed column students.changed
alter table students modify changed timestamp not null default '2020-01-01' on update current_timestamp;

-- changed column students.changed
alter table students modify changed timestamp null default current_timestamp on update current_timestamp;

-- changed column students.till
alter table students modify till datetime;

-- changed column students.till
alter table students modify till datetime(6) default current_timestamp(6) on update current_timestamp(6);

-- changed column students.pupils
alter table students modify pupils int default (1 + 3);

-- changed column students.doubled
alter table students modify doubled int generated always as (pupils * 4) stored;

-- missing column students.doubled
-- extra column students.quadrupled
alter table students drop column doubled, add column quadrupled int generated always as (pupils * 4) virtual;

-- changed column students.tripled
alter table students modify tripled int generated always as (pupils + 3) virtual;

-- changed column students.tripled
alter table students modify tripled bigint generated always as (pupils * 3) virtual;

-- changed column students.tripled
alter table students modify tripled int generated always as (pupils * 3) virtual invisible;

-- changed column students.doubled
alter table students drop column doubled;
alter table students add column doubled int generated always as (pupils * 2) virtual;

-- changed column students.secret
alter table students modify secret int default 1;

-- changed column students.counter
alter table students modify counter int unsigned;

-- changed column students.counter
alter table students modify counter int(7) zerofill;

-- changed column students.body
alter table students modify body mediumblob;

-- changed column notes.amount
alter table notes modify amount int check (amount > 1);

-- changed column notes.amount
alter table notes modify amount int;

-- changed column notes.data
alter table notes modify data longtext character set utf8mb4 collate utf8mb4_bin;

-- changed column notes.words
alter table notes modify words mediumtext;

-- changed column notes.more
alter table notes modify more mediumtext not null;

-- changed column versioned.b
alter table versioned modify b int with system versioning;

-- changed column versioned.a
alter table versioned modify a bigint;

-- changed column places.area
alter table places modify area geometry ref_system_id=101;

-- changed column places.area
alter table places modify area polygon ref_system_id=4326;

-- changed column squeezed.a
alter table squeezed modify a text;

-- changed column squeezed.b
alter table squeezed modify b varchar(100) compressed;

-- changed column numbered.n
alter table numbered modify n bigint not null default nextval(plain);

-- changed column numbered.n
alter table numbered alter n drop default;

-- changed column by_range.t
alter table by_range modify t varchar(10);
