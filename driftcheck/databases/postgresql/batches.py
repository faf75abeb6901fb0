"""Sends several statements to the server in one call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

_LONGEST = 50
"""How many statements a batch has at most."""
_BEGIN = "SAVEPOINT driftcheck"
_END = "RELEASE SAVEPOINT driftcheck"
"""Without this, the savepoints would be nested."""

# Such a statement ends where its text ends: no quote, comment or dollar quote in it is left open,
# and no escape or semicolon needs a closer look. Otherwise the server could take the next statement
# for a part of it. The first word excludes statements that end a transaction.
# Source: PostgreSQL manual, "Lexical Structure".
_CLOSED = re.compile(
    r"""\s*(?:ALTER|COMMENT|CREATE|DROP|GRANT|RESET|REVOKE|SET)\s
    (?:[^'"$\\;/-] | '[^'\\]*' | "[^"]*" | -(?!-) | /(?!\*))*""",
    re.VERBOSE,
)


def in_batches(statements: Iterable[str]) -> Iterator[Sequence[str]]:
    """Yield statements in their order, in groups that can be sent in one call.

    A statement that may not be part of a longer text is yielded alone.
    """
    batch: list[str] = []
    for statement in statements:
        is_closed = _CLOSED.fullmatch(statement) is not None
        if batch and (not is_closed or len(batch) == _LONGEST):
            yield batch
            batch = []
        if is_closed:
            batch.append(statement)
        else:
            yield [statement]
    if batch:
        yield batch


def run_batch(connection: Any, batch: Sequence[str]) -> None:
    """Run statements in one call; if one fails, none of them has an effect.

    Args:
        connection: A connection of ``psycopg2_deadlines``.
        batch: A batch of ``in_batches``, or a part of one.
    """
    cursor = connection.cursor()
    cursor.execute(_BEGIN)  # a call of its own: after a syntax error, none of a call is run
    try:
        with connection.time_for(len(batch)):
            cursor.execute(";\n".join(batch))
    except Exception:
        cursor.execute(f"ROLLBACK TO {_BEGIN}; {_END}")
        raise
    cursor.execute(_END)
