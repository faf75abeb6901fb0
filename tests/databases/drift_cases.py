"""The acceptance catalogues of MariaDB and SQLite: manual changes, each with the expected findings.

Each file of a folder ``drift`` covers a family of kinds. Its cases run on the schema of
``everything.sql``. A case consists of comments with the expectations, and of the statements. A line
of the comments is an expected change (``changed column students.name``), ``nothing``, or ``undo by
hand`` or ``redo by hand``: the plan must contain manual steps. A statement ends with a semicolon at
the end of a line that no indented line follows.
"""

import re
from dataclasses import dataclass

_HEADER = re.compile(r"(?:-- .*\n)+")
_CREATED = r"create (?:.*? )?(?:table|view|index|trigger|sequence|function|procedure|event) (\w+)"
_BY_HAND = frozenset(("undo by hand", "redo by hand"))


@dataclass(frozen=True)
class Case:
    """A manual change and the expected findings.

    Attributes:
        place: The file and the line.
        about: The objects of the schema that are named: cases about different ones run together.
        expected: The changes expected; none where nothing must be told.
        by_hand: Which of ``undo by hand`` and ``redo by hand`` are expected.
        statements: The SQL of the manual change.
    """

    place: str
    about: frozenset[str]
    expected: frozenset[str]
    by_hand: frozenset[str]
    statements: tuple[str, ...]

    def __str__(self):
        return self.place


def statements_of(text):
    """The statements of a script, without comments of whole lines at its beginning."""
    parts = re.split(r";(?:\n(?! )|\Z)", text)
    return tuple(part.strip() for part in parts if part.strip())


def base_statements(folder):
    """The statements of the schema that the cases change."""
    text = (folder / "everything.sql").read_text(encoding="utf-8")
    return statements_of(_HEADER.sub("", text, count=1))


def read_cases(folder):
    """Every case, file by file."""
    known = {
        re.match(_CREATED, statement, re.IGNORECASE)[1] for statement in base_statements(folder)
    }
    paths = sorted((folder / "drift").glob("*.sql"))
    return [case for path in paths for case in _in_file(path, known)]


def grouped(cases):
    """Group cases about different objects, with steps by hand or without."""
    groups = []
    for case in cases:
        for by_hand, about, members in groups:
            if by_hand == case.by_hand and about.isdisjoint(case.about):
                about.update(case.about)
                members.append(case)
                break
        else:
            groups.append((case.by_hand, {*case.about}, [case]))
    return [members for _, _, members in groups]


def _in_file(path, known):
    line = 1
    for block in path.read_text(encoding="utf-8").rstrip().split("\n\n"):
        header = _HEADER.match(f"{block}\n")[0]
        if statements := statements_of(block[len(header) :]):  # else it is about the file
            yield _case(f"{path.name}:{line}", header, statements, known)
        line += block.count("\n") + 2


def _case(place, header, statements, known):
    lines = frozenset(header.removeprefix("-- ").rstrip().split("\n-- "))
    expected = lines - _BY_HAND
    if not expected:
        raise ValueError(f"{place} expects nothing, and does not say so")
    named = set(re.findall(r"\w+", " ".join([header, *statements])))
    # What names no object of the schema is about the database as a whole, or makes an object.
    about = frozenset(named & known or {"database"}) | (named & {"more", "database"})
    return Case(place, about, expected - {"nothing"}, lines & _BY_HAND, statements)
