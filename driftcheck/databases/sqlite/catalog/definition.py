"""Parses CREATE TABLE statements for details that no PRAGMA returns: names, checks, collations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from driftcheck.databases.sqlite.catalog.tokens import Names, Token, canonical, quote, tokens_of

_CONSTRAINTS = ("CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN")


@dataclass(frozen=True)
class Reference:
    """The target of a foreign key.

    Attributes:
        table: The referenced table, as typed.
        columns: The referenced columns, as typed; empty for the primary key.
        manner: The clauses for actions and deferral.
    """

    table: str
    columns: tuple[str, ...]
    manner: str


@dataclass(frozen=True)
class Constraint:
    """A constraint of a table, written as a column constraint or a table constraint.

    Attributes:
        kind: The name of its kind.
        name: The name of the constraint; empty if it has none.
        columns: The columns of the constraint.
        definition: The definition; of a foreign key, without the reference.
        reference: The target of a foreign key.
    """

    kind: str
    name: str
    columns: tuple[str, ...]
    definition: str
    reference: Reference | None = None


@dataclass
class ColumnDetails:
    """The details of a column that PRAGMA table_xinfo does not return."""

    collation: str | None = None
    generated: str | None = None
    on_conflict: str | None = None


@dataclass(frozen=True)
class TableDefinition:
    """A table as its CREATE statement defines it.

    Attributes:
        columns: The details of the columns, by name.
        constraints: The constraints, in the order of the statement.
        options: ``STRICT``, ``WITHOUT ROWID``.
        module: The module of a virtual table, with its arguments.
    """

    columns: Mapping[str, ColumnDetails] = field(default_factory=dict)
    constraints: tuple[Constraint, ...] = ()
    options: tuple[str, ...] = ()
    module: str | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        keys = (c.columns for c in self.constraints if c.kind == "primary key")
        return next(keys, ())


@lru_cache(maxsize=4096)
def table_definition(sql: str) -> TableDefinition:
    """Parse a CREATE TABLE statement as SQLite stores it."""
    reader = _Reader(tokens_of(sql))
    reader.take("CREATE")
    if reader.take("VIRTUAL"):
        reader.after("USING")
        return TableDefinition(module=canonical(reader.rest()))
    reader.until("(")
    items = list(_split(reader.group()))
    options = tuple(sorted(canonical(item).upper() for item in _split(reader.rest())))
    own = [item for item in items if item[0].keyword not in _CONSTRAINTS]
    names = Names([item[0].name for item in own])
    columns: dict[str, ColumnDetails] = {item[0].name: ColumnDetails() for item in own}
    constraints: list[Constraint] = []
    for item in items:
        column = "" if item[0].keyword in _CONSTRAINTS else item[0].name
        details = columns.get(column, ColumnDetails())
        body = _Reader(item[1:] if column else item)
        constraints += _clauses(body, column, details, names)
    return TableDefinition(columns, tuple(constraints), options)


def _clauses(
    reader: _Reader, column: str, details: ColumnDetails, names: Names
) -> Iterator[Constraint]:
    """Parse the clauses of a column or of the table."""
    name = ""
    while reader.left:
        if reader.take("CONSTRAINT"):
            name = reader.next().name
            continue
        constraint = _constraint(reader, column, name, names)
        if constraint is not None:
            yield constraint
        elif not _detail(reader, details, names):
            reader.next()
            continue
        name = ""


def _constraint(reader: _Reader, column: str, name: str, names: Names) -> Constraint | None:
    columns: tuple[str, ...] = (column,)
    if reader.take("PRIMARY", "KEY"):
        columns, key = _key(reader, column, names)
        return Constraint("primary key", name, columns, f"PRIMARY KEY {key}")
    if reader.take("UNIQUE"):
        columns, key = _key(reader, column, names)
        return Constraint("unique constraint", name, columns, f"UNIQUE {key}")
    if reader.take("CHECK"):
        condition = canonical(reader.group(), names)
        _conflict(reader)
        return Constraint("check constraint", name, (), f"CHECK ({condition})")
    if reader.take("FOREIGN", "KEY"):
        columns = tuple(names.spelled(item[0].name) for item in _split(reader.group()))
    if reader.take("REFERENCES"):
        definition = f"FOREIGN KEY ({', '.join(map(quote, columns))})"
        return Constraint("foreign key", name, columns, definition, _reference(reader))
    return None


def _key(reader: _Reader, column: str, names: Names) -> tuple[tuple[str, ...], str]:
    """The columns of a key, and its definition."""
    if reader.opens:
        items = list(_split(reader.group()))
        columns = tuple(names.spelled(item[0].name) for item in items)
        written = [f"{quote(c)}{_manner(i[1:])}" for c, i in zip(columns, items, strict=True)]
    else:
        columns = (column,)
        manner = [reader.next()] if reader.at("ASC") or reader.at("DESC") else []
        written = [f"{quote(column)}{_manner(manner)}"]
    conflict = _conflict(reader)
    if reader.take("AUTOINCREMENT"):
        written[-1] += " AUTOINCREMENT"
    return columns, f"({', '.join(written)}){conflict}"


def _manner(tokens: Sequence[Token]) -> str:
    """The collation and order of a column in a key, without the default ASC."""
    text = canonical([token for token in tokens if token.keyword != "ASC"])
    return f" {text}" if text else ""


def _conflict(reader: _Reader) -> str:
    """The ON CONFLICT clause, unless it is the default ABORT."""
    if not reader.take("ON", "CONFLICT"):
        return ""
    resolution = reader.next().text.upper()
    return "" if resolution == "ABORT" else f" ON CONFLICT {resolution}"


def _reference(reader: _Reader) -> Reference:
    table = reader.next().name
    columns = tuple(item[0].name for item in _split(reader.group())) if reader.opens else ()
    actions, deferral = [], ""
    while True:
        if reader.take("ON"):
            event, action = reader.next().text.upper(), reader.next().text.upper()
            if action in ("SET", "NO"):
                action += f" {reader.next().text.upper()}"
            actions += [f"ON {event} {action}"] if action != "NO ACTION" else []
        elif reader.take("MATCH"):
            reader.next()  # SQLite parses MATCH and ignores it
        elif reader.at("NOT", "DEFERRABLE") or reader.at("DEFERRABLE"):
            deferrable = not reader.take("NOT")
            reader.next()
            deferred = reader.take("INITIALLY") and reader.next().keyword == "DEFERRED"
            deferral = " DEFERRABLE INITIALLY DEFERRED" if deferrable and deferred else ""
        else:
            return Reference(table, columns, "".join(f" {a}" for a in sorted(actions)) + deferral)


def _detail(reader: _Reader, details: ColumnDetails, names: Names) -> bool:
    if reader.take("COLLATE"):
        collation = reader.next().name.upper()
        details.collation = None if collation == "BINARY" else collation
    elif reader.take("GENERATED", "ALWAYS", "AS") or reader.take("AS"):
        expression = canonical(reader.group(), names)
        stored = reader.left and reader.peek().text.upper() in ("STORED", "VIRTUAL")
        how = reader.next().text.upper() if stored else "VIRTUAL"
        details.generated = f"{expression} {how}"
    elif reader.take("NOT", "NULL"):
        details.on_conflict = _conflict(reader).strip() or None
    elif reader.take("DEFAULT"):
        reader.value()  # PRAGMA table_xinfo returns it
    else:
        return False
    return True


def _split(tokens: Sequence[Token]) -> Iterator[list[Token]]:
    """Split at commas outside of parentheses."""
    item: list[Token] = []
    depth = 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        if token.text == "," and depth == 0:
            yield item
            item = []
        else:
            item.append(token)
    if item:
        yield item


class _Reader:
    """A position in a list of tokens."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        self._tokens = tokens
        self._position = 0

    @property
    def left(self) -> bool:
        return self._position < len(self._tokens)

    @property
    def opens(self) -> bool:
        """Whether a parenthesis opens here."""
        return self.left and self.peek().text == "("

    def peek(self) -> Token:
        return self._tokens[self._position]

    def next(self) -> Token:
        self._position += 1
        return self._tokens[self._position - 1]

    def at(self, *keywords: str) -> bool:
        ahead = self._tokens[self._position : self._position + len(keywords)]
        return tuple(token.keyword for token in ahead) == keywords

    def take(self, *keywords: str) -> bool:
        is_at = self.at(*keywords)
        self._position += len(keywords) if is_at else 0
        return is_at

    def after(self, keyword: str) -> None:
        while not self.take(keyword):
            self._position += 1

    def until(self, text: str) -> None:
        while self.peek().text != text:
            self._position += 1

    def rest(self) -> Sequence[Token]:
        return self._tokens[self._position :]

    def group(self) -> Sequence[Token]:
        """Step over a group in parentheses and return its tokens."""
        start, depth = self._position + 1, 0
        while True:
            text = self.next().text
            depth += (text == "(") - (text == ")")
            if depth == 0:
                return self._tokens[start : self._position - 1]

    def value(self) -> None:
        """Step over a default value."""
        if self.opens:
            self.group()
            return
        while self.next().text in ("-", "+"):
            pass
