"""A query for what a revision leaves that ends with its transaction or its session."""

from __future__ import annotations

SESSION_STATE = """
SELECT concat_ws(E'\\n', current_user, session_user,
  (SELECT string_agg(name || '=' || setting, ',' ORDER BY name)
   FROM pg_catalog.pg_settings WHERE source = 'session'),
  (SELECT string_agg(relname, ',' ORDER BY relname)
   FROM pg_catalog.pg_class WHERE relnamespace = pg_catalog.pg_my_temp_schema()),
  (SELECT string_agg(name, ',' ORDER BY name)
   FROM pg_catalog.pg_prepared_statements WHERE from_sql),
  (SELECT string_agg(enumlabel, ',' ORDER BY enumlabel)
   FROM pg_catalog.pg_enum e JOIN pg_catalog.pg_type t ON t.oid = enumtypid
   WHERE pg_catalog.pg_xact_status(e.xmin::text::pg_catalog.xid8) = 'in progress'
     AND (e.xmin::text, e.cmin::text) <> (t.xmin::text, t.cmin::text)),
  (SELECT string_agg(DISTINCT tgrelid::text, ',')
   FROM pg_catalog.pg_trigger
   WHERE tgdeferrable AND pg_catalog.pg_stat_get_xact_tuples_inserted(tgrelid)
     + pg_catalog.pg_stat_get_xact_tuples_updated(tgrelid)
     + pg_catalog.pg_stat_get_xact_tuples_deleted(tgrelid) > 0))
"""
"""Its result is the same before and after a revision that leaves nothing of this kind: settings, a
role, temporary tables, prepared statements, values that were added to an enum and cannot be used
yet, and rows that a deferred constraint is still to check.

Sources: PostgreSQL manual, ALTER TYPE and SET CONSTRAINTS. ``CREATE TYPE`` writes the labels in the
same command as the type, and ``ADD VALUE`` in a later one.
"""
