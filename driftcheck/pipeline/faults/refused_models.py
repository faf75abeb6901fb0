"""Reports the statements of the models that the database refuses, without their consequences."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from driftcheck.judging.findings import Finding
from driftcheck.pipeline.faults.faults import fault
from driftcheck.sources.reading import Refused

_NAME = r'(?:"(?:[^"]|"")+"|`(?:[^`]|``)+`|[^\W\d][\w$]*)'
_CREATED_TABLE = re.compile(rf"\s*CREATE TABLE (?:{_NAME}\.)*(?P<table>{_NAME})")


@dataclass
class _Cause:
    """A refused statement that no other refused statement explains.

    Attributes:
        refusal: The statement.
        consequences: How many other statements need a table that does not exist because of it.
    """

    refusal: Refused
    consequences: int = 0


def refused_models(refused: Sequence[Refused]) -> Iterator[Finding]:
    """Make a finding for each statement of the models that the database refuses by itself.

    The indexes of a refused table, and the tables that refer to it, are refused too.

    Args:
        refused: The statements, in the order in which they were run.
    """
    causes: list[_Cause] = []
    cause_of_table: dict[str, _Cause] = {}
    for refusal in refused:
        found = (c for table, c in cause_of_table.items() if _names(refusal.message, table))
        cause = next(found, None)
        if cause is None:
            cause = _Cause(refusal)
            causes.append(cause)
        else:
            cause.consequences += 1
        if (created := _CREATED_TABLE.match(refusal.statement)) is not None:
            cause_of_table.setdefault(_unquoted(created["table"]), cause)
    for cause in causes:
        message = cause.refusal.message + _and_others(cause.consequences)
        yield fault("models-refused", message=message, details=cause.refusal.statement)


def _names(message: str, table: str) -> bool:
    """Whether a message of a database is about a table: ``relation "students" does not exist``."""
    name = re.escape(table)
    return re.search(rf"(?:[\"'`.]|table: ){name}(?:[\"'`]|$)", message, re.MULTILINE) is not None


def _unquoted(name: str) -> str:
    quote = name[0]
    return name[1:-1].replace(quote * 2, quote) if quote in '"`' else name


def _and_others(count: int) -> str:
    if not count:
        return ""
    others = "1 other statement that needs" if count == 1 else f"{count} other statements that need"
    return f", and therefore {others} the table"
