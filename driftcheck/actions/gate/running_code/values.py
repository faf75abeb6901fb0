"""Values that the running code can write to a column, by the type that its models declare."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.expression import ClauseElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from driftcheck.databases.rows import values
from driftcheck.quoting import quote_literal

_SHOWN = 40
_UNUSUAL = ("192.0.2.1", "192.0.2.0/24", "08:00:2b:01:02:03", "1", "(1,2)", "[1,2)", "{}", "a", "")
"""Texts that types accept which SQLAlchemy has no class for."""


@dataclass(frozen=True)
class Value:
    """A value for a column.

    Attributes:
        expression: What ``insert().values()`` takes.
        text: The value in words, for messages.
        is_declared: Whether the models declare this very value, as a value of an enum. Of other
            values, the models only say the type.
    """

    expression: Any
    text: str
    is_declared: bool = False


NULL = Value(sa.null(), "NULL", is_declared=True)


@dataclass(frozen=True)
class Values:
    """The values for a column.

    Attributes:
        usual: Short and small values.
        largest: The longest text or the largest number that the type allows, and other large ones.
        are_declared: Whether these are all values that the models allow.
    """

    usual: Sequence[Value] = ()
    largest: Sequence[Value] = ()
    are_declared: bool = False


def values_for(column: sa.Column[Any], conditions: Sequence[str], dialect: sa.Dialect) -> Values:
    """Return values for a column.

    Args:
        column: The column.
        conditions: The check constraints of the models on it. Values that occur in them come first.
        dialect: The dialect of the connection.
    """
    type_ = plain_type(column.type, dialect)
    declared = _declared(type_)
    if declared is not None:
        return Values(
            [_value(each, type_, is_declared=True) for each in declared], are_declared=True
        )
    convert, usual, largest = _undeclared(type_)
    near = [text for condition in conditions for text in values.values_near(condition)]
    return Values(
        [*_converted(type_, convert, [*near, *usual])], [*_converted(type_, convert, largest)]
    )


def default_of(column: sa.Column[Any]) -> Value | None:
    """Return the default of a column if the models declare it as a value; otherwise ``None``."""
    default: Any = column.default
    if not isinstance(default, sa.ColumnDefault) or not default.is_scalar:  # or a sequence
        return None
    # With the type of the column: the default is a value of the project.
    return Value(sa.literal(default.arg, column.type), repr(default.arg), is_declared=True)


def plain_type(type_: TypeEngine[Any], dialect: sa.Dialect) -> TypeEngine[Any]:
    """Return the type that values have in the database, without the conversions of the project."""
    variants: Any = getattr(type_, "_variant_mapping", None) or {}
    if dialect.name in variants:
        return plain_type(variants[dialect.name], dialect)
    if isinstance(type_, TypeDecorator):
        return plain_type(type_.load_dialect_impl(dialect), dialect)
    return type_


def _declared(type_: TypeEngine[Any]) -> Sequence[Any] | None:
    """Return all values that a type allows; ``None`` if the models do not list them."""
    if isinstance(type_, sa.Enum):
        return list(type_.enums)
    if isinstance(type_, sa.Boolean):
        return [True, False]
    listed = getattr(type_, "values", None)  # SET of MySQL
    return list(listed) if isinstance(listed, (list, tuple)) else None


Undeclared = tuple[Callable[[Any], Any], Sequence[Any], Sequence[Any]]
"""How a text becomes a value, and texts of usual and of the largest values."""


def _undeclared(type_: TypeEngine[Any]) -> Undeclared:  # noqa: PLR0911  (a table of types)
    match type_:
        case sa.ARRAY(item_type=item, dimensions=dimensions):
            return _array(item, dimensions or 1)
        case sa.String(length=length):
            texts = [*values.strings(length)]
            return str, texts[6:], texts[:1]
        case sa.SmallInteger():
            return int, ["1", "2", "3", "0"], ["30001"]
        case sa.BigInteger():
            return int, ["1", "2", "3", "0"], ["5000000001"]
        case sa.Integer():
            return int, ["1", "2", "3", "0"], ["100001"]
        case sa.Float():
            return Decimal if type_.asdecimal else float, ["1", "2", "0.5", "0"], []
        case sa.Numeric(precision=precision, scale=scale):
            largest = [*islice(values.decimals(precision, scale or 0), 1)] if precision else []
            return Decimal if type_.asdecimal else float, ["1", "2", "0.5", "0"], largest
        case sa.LargeBinary():
            return str.encode, ["some bytes", ""], []
        case sa.JSON():
            return dict, [{"number": 1}], []
    return _date_or_time(type_) or _uuid(type_) or (partial(_cast, type_), _UNUSUAL, [])


def _array(item: TypeEngine[Any], dimensions: int) -> Undeclared:
    declared = _declared(item)
    convert, usual, _ = (lambda each: each, declared, ()) if declared else _undeclared(item)

    def array(text: Any) -> Any:
        result = convert(text)
        for _ in range(dimensions):
            result = [result]
        return result

    return array, usual, []


def _date_or_time(type_: TypeEngine[Any]) -> Undeclared | None:
    when = datetime(2024, 1, 31, 12, 30, 15)  # noqa: DTZ001  (a type without a time zone needs it)
    match type_:
        case sa.DateTime(timezone=timezone) | sa.Time(timezone=timezone):
            when = when.replace(tzinfo=UTC if timezone else None)
            kind = when.timetz() if isinstance(type_, sa.Time) else when
            return _same, [kind], []
        case sa.Date():
            return _same, [date(2024, 1, 31)], []
        case sa.Interval():
            return _same, [timedelta(days=1)], []
    if type_.__visit_name__ == "INTERVAL":
        return _same, [timedelta(days=1)], []
    return None


def _uuid(type_: TypeEngine[Any]) -> Undeclared | None:
    if type_.__visit_name__.lower() != "uuid":
        return None
    made = [*values.uuids()]
    return (uuid.UUID if getattr(type_, "as_uuid", False) else str), made, []


def _same(value: Any) -> Any:
    return value


def _cast(type_: TypeEngine[Any], text: str) -> Any:
    return sa.cast(sa.literal_column(quote_literal(text)), type_)


def _converted(
    type_: TypeEngine[Any], convert: Callable[[Any], Any], texts: Sequence[Any]
) -> Iterator[Value]:
    """Yield the values that some texts become. A text in a condition may be of another type."""
    for text in texts:
        try:
            converted = convert(text)
        except (ValueError, ArithmeticError, TypeError):
            continue
        yield _value(converted, type_)


def _value(value: Any, type_: TypeEngine[Any], *, is_declared: bool = False) -> Value:
    is_expression = isinstance(value, ClauseElement)
    expression = value if is_expression else sa.literal(value, type_)
    return Value(expression, _in_words(value, type_), is_declared)


def _in_words(value: Any, type_: TypeEngine[Any]) -> str:
    if isinstance(value, ClauseElement):
        return f"a value of the type {type(type_).__name__}"
    if isinstance(value, str) and len(value) > _SHOWN:
        return f"a text of {len(value)} characters"
    if isinstance(value, (str, int, float, Decimal)):
        return repr(value) if isinstance(value, str) else str(value)
    return f"a value of the type {type(type_).__name__}"
