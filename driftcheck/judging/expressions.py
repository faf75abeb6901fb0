"""Splits SQL definitions into clauses and tokens, so that a text is never cut within one of them.

The texts are those that a server prints: keywords of a definition are in upper case, types are in
lower case. Source: PostgreSQL manual, "Lexical Structure"; ``ruleutils.c`` of its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

ELLIPSIS = "…"

_TOKENS = re.compile(
    r"""
    (?:E|B|X|N)?'(?:[^']|'')*'                     # a string
    | "(?:[^"]|"")*"                               # a quoted name
    | `(?:[^`]|``)*`
    | \$(\w*)\$.*?\$\1\$
    | IS\ (?:NOT\ )?(?:NULL|TRUE|FALSE|UNKNOWN|DISTINCT\ FROM)\b
    | NOT\ (?:NULL|IN|LIKE|ILIKE|SIMILAR\ TO|BETWEEN)\b
    | (?:::)?(?:
        (?:timestamp|time)(?:\s?\(\d+\))?\ with(?:out)?\ time\ zone
        | (?:character|bit|national\ character)\ varying | double\ precision
        | interval(?:\ (?:year|month|day|hour|minute|second)(?:\ to\ (?:month|hour|minute|second))?)
      )(?:\s?\(\d+(?:,\s?\d+)?\))?(?:\[\])*
    | ::[\w."]+(?:\(\d+(?:,\s?\d+)?\))?(?:\[\])*   # a cast
    | [^\W\d][\w$]*\(\d+(?:,\s?\d+)?\)(?:\[\])*    # a type with its length
    | [\w$.]+ | [()\[\],;] | [^\w\s()\[\],;'"`]+ | .
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)

_CLAUSES = re.compile(
    r"(?:REFERENCES|MATCH|ON DELETE|ON UPDATE|NOT DEFERRABLE|DEFERRABLE|INITIALLY|NOT VALID|"
    r"NOT ENFORCED|NO INHERIT|WHERE|INCLUDE|NULLS NOT DISTINCT|WITHOUT OVERLAPS|WITH|TABLESPACE|"
    r"USING INDEX)\b"
)
"""The words that a clause of a constraint or an index begins with."""

_CONTEXT = 2
"""Tokens that are kept on each side of a difference within a long text."""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text in SQL, each with the white space before it."""
    found, start = [], 0
    for match in _TOKENS.finditer(text):
        if not match.group().isspace():
            found.append(text[start : match.end()])
            start = match.end()
    return found


def shortened(text: str, limit: int) -> str:
    """Return a text, or as many of its tokens as the limit allows, and an ellipsis.

    Args:
        text: A text in SQL.
        limit: The characters of the result. A first token that is longer is cut.
    """
    if len(text) <= limit:
        return text
    kept = ""
    for token in tokens(text):
        if len(kept) + len(token) + 2 > limit:
            break
        kept += token
    return f"{kept} {ELLIPSIS}" if kept else text[: limit - 1] + ELLIPSIS


def differing_parts(left: str, right: str) -> tuple[str, str]:
    """Return the parts of two long texts that differ, with some tokens around them.

    What is left out is marked by an ellipsis.
    """
    first, second = tokens(left), tokens(right)
    before = _common(first, second)
    rest = min(len(first), len(second)) - before
    after = min(_common(first[::-1], second[::-1]), rest)
    start, end = max(0, before - _CONTEXT), max(0, after - _CONTEXT)
    return _cut(first, start, end), _cut(second, start, end)


def _cut(parts: Sequence[str], start: int, end: int) -> str:
    text = "".join(parts[start : len(parts) - end]).strip()
    return f"{ELLIPSIS} " * (start > 0) + text + f" {ELLIPSIS}" * (end > 0)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    """Return the number of tokens that both lists begin with."""
    pairs = (a.strip() == b.strip() for a, b in zip(left, right, strict=False))
    return next((n for n, equal in enumerate(pairs) if not equal), min(len(left), len(right)))


def differing_clauses(left: str, right: str) -> tuple[str, str]:
    """Return the clauses of two definitions that only one of them has.

    Example: for ``FOREIGN KEY (a) REFERENCES b(id) ON DELETE CASCADE`` and the same without an
    action, the result is ``("ON DELETE CASCADE", "")``.
    """
    first, second = clauses(left), clauses(right)
    texts: tuple[list[str], list[str]] = [], []
    from difflib import SequenceMatcher  # noqa: PLC0415  (a report without findings does not need it)

    matcher = SequenceMatcher(a=first, b=second, autojunk=False)
    for operation, from_, to, other_from, other_to in matcher.get_opcodes():
        if operation != "equal":
            texts[0].extend(first[from_:to])
            texts[1].extend(second[other_from:other_to])
    return " ".join(texts[0]), " ".join(texts[1])


def clauses(definition: str) -> list[str]:
    """Split the definition of a constraint or an index into its clauses.

    Example: ``UNIQUE``, ``NULLS NOT DISTINCT``, ``(a, b)``.
    """
    starts = [0, *_clause_starts(definition), len(definition)]
    pieces = (definition[a:b].strip() for a, b in pairwise(starts))
    return [piece for piece in pieces if piece]


def _clause_starts(definition: str) -> Iterator[int]:
    """Yield the positions outside of parentheses at which a clause begins.

    The first list in parentheses, such as the columns of an index, is a clause of its own.
    """
    position = depth = end = 0
    is_first = True
    for token in tokens(definition):
        start = position + len(token) - len(token.lstrip())
        position += len(token)
        clause = _CLAUSES.match(definition, start)
        if depth == 0 and clause and start >= end:
            end = clause.end()
            yield start
        if token.strip() == "(":
            if is_first:
                yield start
            is_first = False
        depth += {"(": 1, ")": -1}.get(token.strip(), 0)
