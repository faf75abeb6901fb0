"""Storage and statistics settings of the columns of materialized views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import SchemaObject, Value

COLUMN_SETTINGS = """array(
          select array[a.attname, s.setting, s.value, s.default_value]::text[]
          from pg_attribute a join pg_type t on t.oid = a.atttypid cross join lateral (
            select 'STATISTICS' as setting, a.attstattarget::text as value, '-1' as default_value
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
"""SQL: the column settings of the relation ``c``, as (column, setting, value, default value).

Options such as ``n_distinct`` have no default value. They are reset.
https://www.postgresql.org/docs/current/sql-altermaterializedview.html
"""

_Setting = tuple[str, str, str, "str | None"]


def change_column_settings(current: Mapping[str, Value], wanted: SchemaObject) -> list[str]:
    """Statements that change the column settings of a materialized view to the wanted ones."""
    have, want = _settings(current), _settings(wanted.attributes)
    kept = {(column, setting) for column, setting, _, _ in want}
    gone = [setting for setting in have if setting[:2] not in kept]
    new = [setting for setting in want if setting not in have]
    view = f"ALTER MATERIALIZED VIEW {wanted.address.sql} ALTER COLUMN"
    return [
        *(f"{view} {quote_identifier(setting[0])} {_reset(setting)}" for setting in gone),
        *(f"{view} {quote_identifier(setting[0])} {_set(setting)}" for setting in new),
    ]


def _settings(attributes: Mapping[str, Value]) -> tuple[_Setting, ...]:
    return cast("tuple[_Setting, ...]", attributes.get("column_settings") or ())


def _reset(setting: _Setting) -> str:
    _, name, _, default_value = setting
    return f"RESET ({name})" if default_value is None else f"SET {name} {default_value}"


def _set(setting: _Setting) -> str:
    _, name, value, default_value = setting
    return (
        f"SET ({name} = {quote_literal(value)})" if default_value is None else f"SET {name} {value}"
    )
