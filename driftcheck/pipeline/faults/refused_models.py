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
    """Why the database refuses statements.

    Attributes:
        first: The first of the statements.
        count: The number of all of them.
    """

    first: Refused
    count: int = 0


def refused_models(refused: Sequence[Refused]) -> Iterator[Finding]:
    """Make a finding for each cause for which the database refuses statements of the models.

    The indexes of a refused table, and the tables that refer to it, are refused too.

    Args:
        refused: The statements, in the order in which they were run.
    """
    by_message: dict[str, _Cause] = {}
    by_table: dict[str, _Cause] = {}
    for refusal in refused:
        of_table = (c for table, c in by_table.items() if _names(refusal.message, table))
        cause = next(of_table, None) or by_message.setdefault(refusal.message, _Cause(refusal))
        cause.count += 1
        if (created := _CREATED_TABLE.match(refusal.statement)) is not None:
            by_table.setdefault(_unquoted(created["table"]), cause)
    for cause in by_message.values():
        what = "a statement" if cause.count == 1 else f"{cause.count} statements"
        statement = cause.first.statement
        yield fault("models-refused", what=what, message=cause.first.message, details=statement)


def _names(message: str, table: str) -> bool:
    """Whether a message of a database is about a table: ``relation "students" does not exist``."""
    name = re.escape(table)
    return re.search(rf"(?:[\"'`.]|table: ){name}(?:[\"'`]|$)", message, re.MULTILINE) is not None


def _unquoted(name: str) -> str:
    quote = name[0]
    return name[1:-1].replace(quote * 2, quote) if quote in '"`' else name
