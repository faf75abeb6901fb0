"""The query for the names of all objects: kind, schema, name, and the name of a part or NULL."""

from __future__ import annotations

NAMES_QUERY = """
SELECT 'table', '', table_name, NULL FROM information_schema.tables
WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
UNION ALL
SELECT 'column', '', table_name, column_name FROM information_schema.columns
WHERE table_schema = DATABASE()
"""
