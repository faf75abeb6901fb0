"""Converts the definition of a view from PostgreSQL 15 to the format of later versions.

Up to PostgreSQL 15, the stored query of a view contains the relations OLD and NEW. The server
therefore treats a query of one relation as a query of several relations, and qualifies the columns:
it prints ``students.id``, and later versions print ``id``. No setting changes this, so this module
removes the qualification. In subqueries and in queries of several relations, all versions print the
same.

Limitation: in ORDER BY expressions, later versions also qualify a column if its name is ambiguous.
Such a view has different definitions on PostgreSQL 15 and on later versions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, takewhile

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<name>[^\W\d][\w$]*|"(?:[^"]|"")*")
      | (?P<text>[EeBbXx]?'(?:[^']|'')*')
      | (?P<sign>::|.)""",
    re.VERBOSE | re.DOTALL,
)
_ENDS_FROM = frozenset(
    "WHERE GROUP HAVING WINDOW ORDER LIMIT OFFSET FETCH FOR UNION INTERSECT EXCEPT".split()
)
_SEVERAL = frozenset(("JOIN", "UNION", "INTERSECT", "EXCEPT"))
_OPENS_QUERY = frozenset(("SELECT", "WITH", "VALUES"))
_BEFORE_NO_COLUMN = frozenset(("::", ".", "COLLATE"))
_BEFORE_RELATION = frozenset(("FROM", "ONLY"))


def unqualify(text: str) -> str:
    """Convert the definition of a view from PostgreSQL 15 to the format of PostgreSQL 16."""
    tokens = [match[0] for match in _TOKEN.finditer(text)]
    levels = list(_levels(tokens))
    relation = _only_relation(tokens, levels)
    if relation is None:
        return text
    kept, position = [], 0
    while position < len(tokens):
        if _qualifies(tokens, levels, position, relation):
            position += 2
        kept.append(tokens[position])
        position += 1
    return "".join(kept)


def _levels(tokens: list[str]) -> Iterator[int]:
    """The nesting level of parentheses of each token; -1 in a subquery."""
    outside = [0]
    for position, word in enumerate(tokens):
        if word == ")":
            outside.pop()
        yield outside[-1]
        if word == "(":
            rest = islice(tokens, position + 1, None)
            opens = next((after for after in rest if not after.isspace()), "")
            level = outside[-1]
            outside.append(-1 if level < 0 or opens in _OPENS_QUERY else level + 1)


def _only_relation(tokens: list[str], levels: list[int]) -> str | None:
    """The name or alias of the query's only relation; ``None`` if it has several or none."""
    shallow = [(token, level) for token, level in zip(tokens, levels, strict=True) if level >= 0]
    words = [token for token, level in shallow if level == 0 and not token.isspace()]
    if "FROM" not in words or not _SEVERAL.isdisjoint(token for token, _ in shallow):
        return None
    item = takewhile(lambda word: word not in _ENDS_FROM, words[words.index("FROM") + 1 :])
    names = list(takewhile(lambda word: word != "TABLESAMPLE", item))
    if "," in names:
        return None
    return next((name for name in reversed(names) if _is_name(name)), None)


def _qualifies(tokens: list[str], levels: list[int], position: int, relation: str) -> bool:
    """Whether the token is the relation's name, as the qualifier of a column."""
    token, dot, column, after = (*tokens[position : position + 4], *[""] * 4)[:4]
    if token != relation or dot != "." or not _is_name(column) or after == "(":
        return False
    before = next((word for word in reversed(tokens[:position]) if not word.isspace()), "")
    named = levels[position] == 0 and before in _BEFORE_RELATION
    return levels[position] >= 0 and not named and before not in _BEFORE_NO_COLUMN


def _is_name(token: str) -> bool:
    return token[:1] == '"' or token.isidentifier()
