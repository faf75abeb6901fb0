"""Why a database refuses a statement that reads columns or inserts a row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """The reason of a refusal, as far as it follows from the code of the error."""

    MISSING = "missing"
    """A table, a column, a type, a function or a sequence does not exist."""
    NOT_NULL = "not null"
    """A column that needs a value has none."""
    CHECK = "check"
    """A check constraint refuses the row."""
    TOO_LARGE = "too large"
    """A text is too long for its column, or a number is out of its range."""
    TYPE = "type"
    """The type of the column accepts no value of the type of this one."""
    VALUE = "value"
    """The type of the column does not accept this value, such as a value of an enum."""
    NOT_WRITABLE = "not writable"
    """A generated column, or a view, accepts no value."""
    OTHER = "other"
    """Another reason, such as a unique constraint or a foreign key. It depends on other rows."""


@dataclass(frozen=True)
class StatementError:
    """An error of a database.

    Attributes:
        reason: The reason.
        message: The message of the database.
        column: The column that needs a value; empty if the error does not name it.
        constraint: The name of the violated constraint; for a constraint of SQLite without a name,
            its condition. Empty if the error does not name it.
    """

    reason: Reason
    message: str
    column: str = ""
    constraint: str = ""


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error of a driver and its causes: asynchronous drivers wrap their errors."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def first_value(objects: Iterable[object], *names: str) -> str:
    """Return the first value that is not empty of attributes of some objects."""
    values = (getattr(each, name, None) for each in objects for name in names)
    return next((str(value) for value in values if value), "")
