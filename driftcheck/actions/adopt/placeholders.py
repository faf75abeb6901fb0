"""The value that rows get when a column is added that may not be null and has no default."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

from sqlalchemy import Boolean, Column, Enum

_VALUES: dict[type, str] = {
    str: "''",
    int: "0",
    float: "0",
    decimal.Decimal: "0",
    dt.date: "CURRENT_DATE",
    dt.datetime: "CURRENT_TIMESTAMP",
    dict: "'{}'",
}


def placeholder(column: Column[Any]) -> str | None:
    """Return an SQL expression for the value of existing rows.

    Args:
        column: The column.

    Returns:
        ``None`` if the column needs none, or if its type has no neutral value.
    """
    has_value = column.nullable or column.server_default is not None
    if has_value or column.primary_key or column.computed or column.identity:
        return None
    if isinstance(column.type, Enum):
        return "'{}'".format(column.type.enums[0].replace("'", "''")) if column.type.enums else None
    if isinstance(column.type, Boolean):
        return "false"
    try:
        type_ = column.type.python_type
    except NotImplementedError:
        return None
    return _VALUES.get(type_)
