"""Splits SQL into tokens as SQLite does, and writes it in a canonical form.

SQLite stores CREATE statements as they were typed. Statements that differ only in white space,
comments, case or redundant quotes have the same canonical form.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

_TOKEN = re.compile(
    r"""
    (?P<nothing> \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<text>    [xX]?'(?:[^']|'')*' )
  | (?P<quoted>  "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
  | (?P<number>  0[xX][0-9a-fA-F]+ | (?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)? )
  | (?P<word>    [^\W\d][\w$]* )
  | (?P<sign>    ->>|->|\|\||<=|>=|<>|!=|==|<<|>>|. )
    """,
    re.VERBOSE | re.DOTALL,
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")

# https://www.sqlite.org/lang_keywords.html, and the literals true and false.
_KEYWORDS = frozenset(
    """
    abort action add after all alter always analyze and as asc attach autoincrement before begin
    between by cascade case cast check collate column commit conflict constraint create cross
    current current_date current_time current_timestamp database default deferrable deferred delete
    desc detach distinct do drop each else end escape except exclude exclusive exists explain fail
    false filter first following for foreign from full generated glob group groups having if ignore
    immediate in index indexed initially inner insert instead intersect into is isnull join key last
    left like limit match materialized natural no not nothing notnull null nulls of offset on or
    order others outer over partition plan pragma preceding primary query raise range recursive
    references regexp reindex release rename replace restrict returning right rollback row rows
    savepoint select set table temp temporary then ties to transaction trigger true unbounded union
    unique update using vacuum values view virtual when where window with without
    """.split()
)


class Token(NamedTuple):
    """A token of a statement, as typed."""

    kind: str
    text: str

    @property
    def name(self) -> str:
        """The name without quotes. SQLite also accepts names in single quotes."""
        if self.kind not in ("quoted", "text"):
            return self.text
        quote = self.text[-1]
        return self.text[1:-1].replace(quote * 2, quote)

    @property
    def keyword(self) -> str:
        """The keyword in upper case; empty for other tokens."""
        is_keyword = self.kind == "word" and self.text.lower() in _KEYWORDS
        return self.text.upper() if is_keyword else ""


def tokens_of(sql: str) -> list[Token]:
    """The tokens of a statement, without white space and comments."""
    matched = (Token(str(match.lastgroup), match[0]) for match in _TOKEN.finditer(sql))
    return [token for token in matched if token.kind != "nothing"]


def quote(name: str) -> str:
    """Quote a name if SQLite requires it."""
    if _PLAIN.match(name) and name.lower() not in _KEYWORDS:
        return name
    return '"' + name.replace('"', '""') + '"'


class Names:
    """A set of declared names. SQLite compares names without case."""

    def __init__(self, names: Sequence[str] = ()) -> None:
        self._spelled: Mapping[str, str] = {_folded(name): name for name in names}

    def __contains__(self, name: str) -> bool:
        return _folded(name) in self._spelled

    def spelled(self, name: str) -> str:
        """The name as it was declared."""
        return self._spelled.get(_folded(name), name)


def _folded(name: str) -> str:
    """A name for comparison. SQLite ignores the case of ASCII letters only."""
    return name.encode().lower().decode()


def canonical(tokens: Sequence[Token], names: Names | None = None) -> str:
    """SQL in canonical form, in one line.

    Args:
        tokens: The tokens of the SQL.
        names: The columns that the SQL can contain. A token in double quotes is only treated as a
            name if it is one of these, because otherwise it can be a string.
    """
    words: list[str] = []
    for word, glued in _spaced(tokens, names or Names()):
        words += [word] if glued or not words else [" ", word]
    return "".join(words)


def _spaced(tokens: Sequence[Token], names: Names) -> Iterator[tuple[str, bool]]:
    """Each token in canonical form, and whether no space precedes it."""
    before, signed = Token("sign", "("), False
    for index, token in enumerate(tokens):
        follower = tokens[index + 1].text if index + 1 < len(tokens) else ""
        called = token.text == "(" and before.kind in ("word", "quoted") and not before.keyword
        glued = called or signed or token.text in (",", ")", ".", ";") or before.text in ("(", ".")
        yield _word(token, before, follower, names), glued
        # A unary sign has no space after it, a binary operator has: -1, but a - 1.
        leads = before.text in ("(", ",") or (before.kind == "sign" and before.text != ")")
        signed = token.text in ("-", "+") and (leads or bool(before.keyword))
        before = token


def _word(token: Token, before: Token, follower: str, names: Names) -> str:
    begins = token.keyword in ("SELECT", "VALUES", "WITH")
    is_name = before.text == "." or (before.keyword == "AS" and not begins)
    if token.kind == "quoted":
        return quote(names.spelled(token.name)) if token.name in names else _quoted(token)
    if token.kind != "word":
        return token.text
    if token.text in names:
        return names.spelled(token.text)
    if token.keyword and not is_name:
        return token.keyword
    if before.keyword == "COLLATE":
        return token.text.upper()
    return token.text.lower() if follower == "(" and not is_name else token.text


def _quoted(token: Token) -> str:
    return '"' + token.name.replace('"', '""') + '"'
