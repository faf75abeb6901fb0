"""The acceptance catalogue: manual changes of a database, each with the expected findings.

Each file of ``drift/`` covers a family of kinds. Its cases run on the schema of ``everything.sql``
and, from PostgreSQL 18 on, ``everything_18.sql``. A case consists of comments with the
expectations, and the statements. A line of the comments is an expected change (``changed column
school.students.name``), ``nothing``, or one of these:

- ``from 18``, ``until 17``: the major versions of the server that support the statements;
- ``with owners and grants``: owners and grants are read;
- ``undo by hand``, ``redo by hand``: the plan must contain manual steps.
"""

import re
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
VERSIONS = (15, 16, 18)

_HEADER = re.compile(r"(?:-- .*\n?)+")
_NAME = re.compile(r"(?:school|eighteen)\.\W?([^\W_]+)")
_PRIVILEGES = "with owners and grants"
_BY_HAND = frozenset(("undo by hand", "redo by hand"))
_BOUND = re.compile(r"(from|until) (\d+)")


@dataclass(frozen=True)
class Case:
    """A manual change and the expected findings.

    Attributes:
        family: The name of the file.
        line: The line in the file.
        expected: The changes expected; none where nothing must be told.
        by_hand: Which of ``undo by hand`` and ``redo by hand`` are expected.
        privileges: Whether owners and grants are read.
        since: The first major version that can run it.
        until: The last major version that can run it.
        statements: The SQL of the manual change.
    """

    family: str
    line: int
    expected: frozenset[str]
    by_hand: frozenset[str]
    privileges: bool
    since: int
    until: int
    statements: str

    def __str__(self):
        return f"{self.family}.sql:{self.line}"

    @property
    def about(self):
        """The objects concerned: the first words of names, so that an index counts as its table."""
        named = set(_NAME.findall(" ".join([*self.expected, self.statements])))
        outside = (
            expected.split(" ")[-1] for expected in self.expected if not _NAME.search(expected)
        )
        return named | {re.findall(r"\w+", name)[0] for name in outside}

    def runs_on(self, major):
        """Whether a server of this major version supports the statements."""
        return self.since <= major <= self.until


def read_cases():
    """Every case, file by file."""
    return [case for path in sorted((HERE / "drift").glob("*.sql")) for case in _in_file(path)]


def base_statements(major):
    """The schema for the cases, for a server of this major version."""
    newest = ["everything_18.sql"] if major >= max(VERSIONS) else []
    return [(HERE / name).read_text(encoding="utf-8") for name in ("everything.sql", *newest)]


def make_tablespace(cursor):
    """Create the tablespace ``elsewhere`` in the server's own directory, unless it exists."""
    cursor.execute("select from pg_tablespace where spcname = 'elsewhere'")
    if not cursor.fetchall():
        cursor.execute("set allow_in_place_tablespaces = on")
        cursor.execute("create tablespace elsewhere location ''")


def grouped(cases):
    """Group cases that are read with the same scope and concern different objects."""
    groups = []
    for case in cases:
        how = case.privileges, case.by_hand
        for also, about, members in groups:
            if also == how and about.isdisjoint(case.about):
                about.update(case.about)
                members.append(case)
                break
        else:
            groups.append((how, case.about, [case]))
    return [members for _, _, members in groups]


def _in_file(path):
    line = 1
    for block in path.read_text(encoding="utf-8").rstrip().split("\n\n"):
        header = _HEADER.match(block)[0]
        statements = block.removeprefix(header)
        if statements:  # a block of comments alone is about the file
            header_lines = header.removeprefix("-- ").rstrip().split("\n-- ")
            yield _case(path.stem, line, header_lines, statements)
        line += block.count("\n") + 2


def _case(family, line, header_lines, statements):
    bounds = {m[1]: int(m[2]) for m in map(_BOUND.fullmatch, header_lines) if m}
    expected = {line for line in header_lines if not _BOUND.fullmatch(line)}
    expected -= {*_BY_HAND, _PRIVILEGES}
    if not expected:
        raise ValueError(f"{family}.sql:{line} expects nothing, and does not say so")
    return Case(
        family,
        line,
        frozenset(expected - {"nothing"}),
        _BY_HAND.intersection(header_lines),
        _PRIVILEGES in header_lines,
        bounds.get("from", 0),
        bounds.get("until", 10**6),
        statements,
    )
