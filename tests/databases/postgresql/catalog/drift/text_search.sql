-- Changes by hand: text search. ../cases.py says how to read this.

-- changed text search dictionary school.words
alter text search dictionary school.words (accept = true);

-- changed text search configuration school.search
alter text search configuration school.search drop mapping for word;

-- changed text search dictionary school.stems
alter text search dictionary school.stems (language = german);

-- changed text search dictionary school.stems
alter text search dictionary school.stems (stopwords = english);

-- changed text search dictionary school.stems
comment on text search dictionary school.stems is 'roots';

-- missing text search dictionary school.words
-- missing text search configuration school.search
drop text search dictionary school.words cascade;

-- renamed text search dictionary school.unused
alter text search dictionary school.unused rename to idle;

-- changed text search dictionary school.unused
drop text search dictionary school.unused;
create text search dictionary school.unused (template = snowball, language = english);

-- extra text search dictionary school.synonyms
create text search dictionary school.synonyms (template = ispell, dictfile = ispell_sample, afffile = ispell_sample);

-- changed text search configuration school.plain_search
alter text search configuration school.plain_search add mapping for email with simple;

-- changed text search configuration school.plain_search
alter text search configuration school.plain_search alter mapping for asciiword with simple, school.stems;

-- changed text search configuration school.plain_search
alter text search configuration school.plain_search alter mapping replace simple with english_stem;

-- changed text search configuration school.plain_search
comment on text search configuration school.plain_search is 'without frills';

-- missing text search configuration school.plain_search
drop text search configuration school.plain_search;

-- renamed text search configuration school.plain_search
alter text search configuration school.plain_search rename to simple_search;

-- extra text search configuration school.copied
create text search configuration school.copied (copy = english);

-- with owners and grants
-- changed text search dictionary school.stems
alter text search dictionary school.stems owner to pg_monitor;

-- with owners and grants
-- changed text search configuration school.search
alter text search configuration school.search owner to pg_monitor;

-- changed text search parser school.splitter
drop text search parser school.splitter;
create text search parser school.splitter (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
  lextypes = prsd_lextype);
comment on text search parser school.splitter is 'as the default one';

-- changed text search parser school.bare_parser
comment on text search parser school.bare_parser is 'bare';

-- missing text search parser school.splitter
drop text search parser school.splitter;

-- renamed text search parser school.splitter
alter text search parser school.splitter rename to cutter;

-- extra text search parser school.another_parser
-- extra text search configuration school.parsed
create text search parser school.another_parser (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end,
  lextypes = prsd_lextype);
create text search configuration school.parsed (parser = school.another_parser);

-- missing text search template school.simpler
-- missing text search dictionary school.simplest
-- missing function school.init_words(internal)
drop function school.init_words(internal) cascade;

-- changed text search template school.bare_template
drop text search template school.bare_template;
create text search template school.bare_template (lexize = dsimple_lexize, init = dsimple_init);

-- changed text search template school.simpler
comment on text search template school.simpler is null;

-- renamed text search template school.bare_template
alter text search template school.bare_template rename to barest_template;

-- extra text search template school.another_template
create text search template school.another_template (lexize = dsimple_lexize);
