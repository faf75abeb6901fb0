-- Changes by hand: the database, tables, partitions and sequences.

-- changed database defaults
alter database character set latin1;

-- changed database defaults
alter database collate utf8mb4_unicode_ci;

-- missing table plain_table
drop table plain_table;

-- extra table more
create table more (a int primary key, b varchar(9), key (b));

-- extra table more
create table more (a int) with system versioning;

-- renamed table compact
rename table compact to tight;

-- changed table students
alter table students comment = 'none';

-- changed table plain_table
alter table plain_table comment = 'new';

-- changed table plain_table
alter table plain_table engine = MyISAM;

-- changed table plain_table
alter table plain_table default character set latin1;

-- changed table plain_table
alter table plain_table convert to character set utf8mb4 collate utf8mb4_bin;

-- changed table squeezed
-- changed column squeezed.a
-- changed column squeezed.b
alter table squeezed convert to character set latin1;

-- changed table compact
alter table compact row_format = dynamic;

-- changed table compact
alter table compact row_format = default;

-- changed table compact
alter table compact stats_persistent = 0;

-- changed table compact
alter table compact max_rows = 200;

-- changed table compact
alter table compact max_rows = 0;

-- changed table plain_table
alter table plain_table row_format = compressed key_block_size = 4;

-- changed table plain_table
alter table plain_table page_compressed = 1;

-- changed table old_style
alter table old_style checksum = 0;

-- undo by hand
-- changed table old_style
alter table old_style engine = Aria transactional = 0 checksum = 1;

-- changed table by_range
alter table by_range remove partitioning;

-- changed table by_range
alter table by_range reorganize partition p1 into (partition p1 values less than (20), partition p2 values less than maxvalue);

-- changed table by_range
alter table by_range drop partition p1;

-- changed table by_range
alter table by_range reorganize partition p0 into (partition p_few values less than (10) comment = 'few');

-- changed table by_range
alter table by_range reorganize partition p0 into (partition p0 values less than (10) comment = 'some');

-- changed table by_list
alter table by_list reorganize partition a into (partition a values in ('a', 'b', 'c'));

-- changed table by_list
alter table by_list drop partition rest;

-- changed table by_hash
alter table by_hash add partition partitions 2;

-- changed table by_hash
alter table by_hash partition by linear hash (n) partitions 4;

-- changed table by_hash
alter table by_hash partition by hash (n + 1) partitions 4;

-- changed table by_key
alter table by_key coalesce partition 1;

-- changed table below
alter table below partition by range (to_days(d))
  (partition p0 values less than (to_days('2020-01-01')), partition p1 values less than maxvalue);

-- changed table plain_table
alter table plain_table partition by hash (n) partitions 2;

-- changed table versioned
alter table versioned drop system versioning;

-- changed table plain_table
alter table plain_table add system versioning;

-- changed table timed
alter table timed partition by system_time interval 2 month (partition p0 history, partition p_now current);

-- changed table timed
alter table timed remove partitioning;

-- changed table stays
-- missing unique constraint stays.uq_stays
alter table stays drop index uq_stays;
alter table stays drop period for stay;

-- missing sequence plain
drop sequence plain;

-- extra sequence more
create sequence more;

-- renamed sequence plain
rename table plain to simple;

-- changed sequence tickets
alter sequence tickets increment 3;

-- changed sequence tickets
alter sequence tickets maxvalue 2000;

-- changed sequence tickets
alter sequence tickets minvalue -5;

-- changed sequence tickets
alter sequence tickets start 9;

-- changed sequence tickets
alter sequence tickets cache 100;

-- changed sequence tickets
alter sequence tickets nocycle;

-- changed sequence plain
alter table plain comment = 'x';
