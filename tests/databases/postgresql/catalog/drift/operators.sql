-- Changes by hand: operators. ../cases.py says how to read this.

-- changed collation school.plain
comment on collation school.plain is 'other words';

-- missing collation school.plain
drop collation school.plain;

-- changed conversion school.latin
drop conversion school.latin;
create default conversion school.latin for 'LATIN1' to 'UTF8' from iso8859_1_to_utf8;

-- changed cast "integer AS school.mood"
drop cast (integer as school.mood);
create cast (integer as school.mood) with inout as implicit;

-- changed operator school."=~="(integer, integer)
drop operator school.=~= (integer, integer);
create operator school.=~= (function = school.near, leftarg = integer, rightarg = integer);

-- missing operator class school.btree.backwards
drop operator class school.backwards using btree;

-- changed operator family school.btree.integers
alter operator family school.integers using btree drop operator 1 (integer, bigint);

-- changed cast "integer AS school.mood"
drop cast (integer as school.mood);
create cast (integer as school.mood) with function school.to_mood(integer);
comment on cast (integer as school.mood) is 'more is happier';

-- changed cast "integer AS school.mood"
comment on cast (integer as school.mood) is null;

-- changed cast "school.point3 AS school.address"
drop cast (school.point3 as school.address);
create cast (school.point3 as school.address) with inout as implicit;

-- missing cast "school.point3 AS school.address"
drop cast (school.point3 as school.address);

-- extra cast "text AS school.colour"
create cast (text as school.colour) with inout as assignment;

-- changed operator school."<~>"(integer, integer)
alter operator school.<~> (integer, integer) set (restrict = none);

-- changed operator school."<~>"(integer, integer)
alter operator school.<~> (integer, integer) set (join = neqjoinsel);

-- changed operator school."<~>"(integer, integer)
comment on operator school.<~> (integer, integer) is 'far';

-- missing operator school."|-"(NONE, integer)
drop operator school.|- (none, integer);

-- extra operator school."-|"(integer, bigint)
-- extra function school.minus(integer, bigint)
create function school.minus(integer, bigint) returns bigint language sql immutable return $1 - $2;
create operator school.-| (function = school.minus, leftarg = integer, rightarg = bigint);

-- missing operator school."|-"(NONE, integer)
-- extra operator public."|-"(NONE, integer)
alter operator school.|- (none, integer) set schema public;

-- changed operator class school.btree.backwards
comment on operator class school.backwards using btree is 'the other way';

-- missing operator class school.hash.hashed
-- extra operator class school.hash.hashed_integers
alter operator class school.hashed using hash rename to hashed_integers;

-- changed operator class school.btree.backwards
drop operator class school.backwards using btree;
create operator class school.backwards for type integer using btree family school.integers as
  operator 1 >, operator 2 >=, operator 3 =, operator 4 <=, operator 5 <;

-- extra operator class school.btree.bigs
create operator class school.bigs for type bigint using btree family school.integers as
  operator 1 <, operator 2 <=, operator 3 =, operator 4 >=, operator 5 >, function 1 btint8cmp(bigint, bigint);

-- changed operator family school.btree.integers
alter operator family school.integers using btree add operator 3 = (integer, bigint);

-- changed operator family school.btree.integers
alter operator family school.integers using btree drop function 1 (integer, bigint);

-- changed operator family school.btree.integers
comment on operator family school.integers using btree is 'of all sizes';

-- extra operator family school.hash.more
create operator family school.more using hash;

-- changed conversion school.koi
comment on conversion school.koi is 'from the east';

-- renamed conversion school.koi
alter conversion school.koi rename to koi8;

-- missing conversion school.koi
drop conversion school.koi;

-- changed collation school.loose
drop collation school.loose;
create collation school.loose (lc_collate = 'C', lc_ctype = 'C');

-- until 15
-- extra collation school.by_icu
create collation school.by_icu (provider = icu, locale = 'und-u-ks-level2', deterministic = false);

-- renamed collation school.loose
alter collation school.loose rename to looser;

-- changed collation school.plain
drop collation school.plain;
create collation school.plain (provider = libc, locale = 'POSIX');
comment on collation school.plain is 'plain';

-- from 18
-- extra collation school.bytes
create collation school.bytes (provider = builtin, locale = 'C.UTF-8');

-- from 18
-- changed operator school."<~>"(integer, integer)
alter operator school.<~> (integer, integer) set (commutator = operator(school.<~>));

-- with owners and grants
-- changed operator school."<~>"(integer, integer)
alter operator school.<~> (integer, integer) owner to pg_monitor;

-- with owners and grants
-- changed operator family school.btree.integers
alter operator family school.integers using btree owner to pg_monitor;

-- with owners and grants
-- changed operator class school.btree.backwards
alter operator class school.backwards using btree owner to pg_monitor;

-- with owners and grants
-- changed conversion school.koi
alter conversion school.koi owner to pg_monitor;

-- with owners and grants
-- changed collation school.loose
alter collation school.loose owner to pg_monitor;
