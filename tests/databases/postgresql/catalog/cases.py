"""The acceptance catalogue: what may happen to a database by hand, and what must be told of it.

A file of ``drift/`` is a family of kinds, played on the schema of ``everything.sql`` and, from
PostgreSQL 18 on, ``everything_18.sql``. Its blocks are the cases: comments that say what is
expected, then the statements. A line of the comments is a change (``changed column
school.students.name``), ``nothing``, or one of these:

- ``from 18``, ``until 17``: the major versions of the server that know such statements;
- ``with owners and grants``: these are read, and their changes told;
- ``undo by hand``, ``redo by hand``: not all of it can be written as DDL, and that must be said.
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
    """Something done by hand, and what must be told of it.

    Attributes:
        family: The file's name.
        line: Where it stands there.
        told: The changes expected; none where nothing must be told.
        by_hand: Which of ``undo by hand`` and ``redo by hand`` are expected.
        privileges: Whether owners and grants are read.
        since: The first major version that can run it.
        until: The last one.
        statements: What is done.
    """

    family: str
    line: int
    told: frozenset[str]
    by_hand: frozenset[str]
    privileges: bool
    since: int
    until: int
    statements: str

    def __str__(self):
        return f"{self.family}.sql:{self.line}"

    @property
    def about(self):
        """What it touches, roughly: the first words of names, so that an index is its table's."""
        named = set(_NAME.findall(" ".join([*self.told, self.statements])))
        outside = (told.split(" ")[-1] for told in self.told if not _NAME.search(told))
        return named | {re.findall(r"\w+", name)[0] for name in outside}

    def runs_on(self, major):
        """Whether a server of that major version knows the statements."""
        return self.since <= major <= self.until


def read_cases():
    """Every case, file by file."""
    return [case for path in sorted((HERE / "drift").glob("*.sql")) for case in _in_file(path)]


def base_statements(major):
    """The schema that the cases are played on, for a server of that major version."""
    newest = ["everything_18.sql"] if major >= max(VERSIONS) else []
    return [(HERE / name).read_text(encoding="utf-8") for name in ("everything.sql", *newest)]


def make_tablespace(cursor):
    """Make the tablespace ``elsewhere``, in the server's own directory, where there is none yet."""
    cursor.execute("select from pg_tablespace where spcname = 'elsewhere'")
    if not cursor.fetchall():
        cursor.execute("set allow_in_place_tablespaces = on")
        cursor.execute("create tablespace elsewhere location ''")


def grouped(cases):
    """Cases that are read alike and do not get in each other's way, together."""
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
            said = header.removeprefix("-- ").rstrip().split("\n-- ")
            yield _case(path.stem, line, said, statements)
        line += block.count("\n") + 2


def _case(family, line, said, statements):
    bounds = {m[1]: int(m[2]) for m in map(_BOUND.fullmatch, said) if m}
    told = {line for line in said if not _BOUND.fullmatch(line)}
    told -= {*_BY_HAND, _PRIVILEGES}
    if not told:
        raise ValueError(f"{family}.sql:{line} expects nothing, and does not say so")
    return Case(
        family,
        line,
        frozenset(told - {"nothing"}),
        _BY_HAND.intersection(said),
        _PRIVILEGES in said,
        bounds.get("from", 0),
        bounds.get("until", 10**6),
        statements,
    )
