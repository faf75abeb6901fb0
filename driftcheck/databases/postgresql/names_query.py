"""The query for the names of all objects: kind, schema, name, and the name of a part or NULL."""

from __future__ import annotations

NAMES_QUERY = """
WITH relation AS (
    SELECT c.oid, c.relname, c.relkind, n.nspname
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
)
SELECT CASE relkind WHEN 'i' THEN 'index' WHEN 'I' THEN 'index' WHEN 'S' THEN 'sequence'
                    WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'table' END,
       nspname, relname, NULL
FROM relation WHERE relkind IN ('r', 'p', 'i', 'I', 'S', 'v', 'm')
UNION ALL
SELECT 'column', nspname, relname, attname
FROM relation JOIN pg_catalog.pg_attribute ON attrelid = oid
WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
UNION ALL
SELECT CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint'
                    WHEN 'f' THEN 'foreign key' WHEN 'c' THEN 'check constraint'
                    ELSE 'exclusion constraint' END, nspname, relname, conname
FROM relation r JOIN pg_catalog.pg_constraint ON conrelid = r.oid
WHERE contype IN ('p', 'u', 'f', 'c', 'x')
UNION ALL
SELECT CASE typtype WHEN 'e' THEN 'enum' ELSE 'domain' END, nspname, typname, NULL
FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
WHERE typtype IN ('e', 'd') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
