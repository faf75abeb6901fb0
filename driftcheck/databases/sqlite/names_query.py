"""The query for the names of all objects: kind, schema, name, and the name of a part or NULL."""

from __future__ import annotations

NAMES_QUERY = r"""
SELECT type, '', name, NULL FROM sqlite_master
WHERE type IN ('table', 'index', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
UNION ALL
SELECT 'column', '', t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c
WHERE t.type = 'table'
"""
