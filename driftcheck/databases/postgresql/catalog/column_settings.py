"""How a materialized view keeps and counts its columns, which its definition does not say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import SchemaObject, Value

COLUMN_SETTINGS = """array(
          select array[a.attname, s.setting, s.value, s.usual]::text[]
          from pg_attribute a join pg_type t on t.oid = a.atttypid cross join lateral (
            select 'STATISTICS' as setting, a.attstattarget::text as value, '-1' as usual
              where a.attstattarget >= 0
            union all
            select 'STORAGE', case a.attstorage when 'p' then 'PLAIN' when 'm' then 'MAIN'
                when 'e' then 'EXTERNAL' else 'EXTENDED' end,
              case t.typstorage when 'p' then 'PLAIN' when 'm' then 'MAIN'
                when 'e' then 'EXTERNAL' else 'EXTENDED' end
              where a.attstorage <> t.typstorage
            union all
            select 'COMPRESSION', case a.attcompression when 'p' then 'pglz' else 'lz4' end,
              'default'
              where a.attcompression <> ''
            union all
            select split_part(o, '=', 1), split_part(o, '=', 2), null
            from unnest(a.attoptions) o) s
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped order by 1)"""
"""SQL: of each column of the relation ``c`` its name, a setting, its value and the usual one.

An option, such as ``n_distinct``, has no usual value: it is reset.
https://www.postgresql.org/docs/current/sql-altermaterializedview.html
"""

_Setting = tuple[str, str, str, "str | None"]


def change_column_settings(current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    """Statements that give the columns of a materialized view their wanted settings."""
    have, want = _settings(current), _settings(wanted.attributes)
    kept = {(column, setting) for column, setting, _, _ in want}
    gone = [each for each in have if each[:2] not in kept]
    new = [each for each in want if each not in have]
    view = f"ALTER MATERIALIZED VIEW {wanted.address.sql} ALTER COLUMN"
    return [
        *(f"{view} {quote_identifier(each[0])} {_reset(each)}" for each in gone),
        *(f"{view} {quote_identifier(each[0])} {_set(each)}" for each in new),
    ]


def _settings(attributes: Mapping[str, Value]) -> tuple[_Setting, ...]:
    return cast("tuple[_Setting, ...]", attributes.get("column_settings") or ())


def _reset(setting: _Setting) -> str:
    _, name, _, usual = setting
    return f"RESET ({name})" if usual is None else f"SET {name} {usual}"


def _set(setting: _Setting) -> str:
    _, name, value, usual = setting
    return f"SET ({name} = {quote_literal(value)})" if usual is None else f"SET {name} {value}"
