"""Makes the matrix: what each schema has of each table, in comparison with the migrations."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from driftcheck.chain import Side
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.html.sides import reference_side, state_on
from driftcheck.reports.level import Level, level
from driftcheck.reports.order import by_parent, ordered, parent_of
from driftcheck.reports.terminal.chain import gaps_of, links
from driftcheck.schema import Address

_LEVELS: tuple[Level, ...] = ("error", "warning", "note")


@dataclass(frozen=True)
class Cell:
    """What a schema has of a table and its parts.

    Attributes:
        state: ``error``, ``warning`` or ``note`` if it differs; ``same``; ``none`` if the table
            does not exist, as in the schema that it is compared with; ``unknown`` if it was not
            compared.
        texts: What differs: ``2 missing``.
    """

    state: str
    texts: tuple[str, ...] = ()


@dataclass(frozen=True)
class MatrixRow:
    """A table, or an object outside of tables, with a cell for each schema.

    Attributes:
        address: The object.
        cells: The cells, in the order of the columns.
    """

    address: Address
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Matrix:
    """The objects with findings, against the schemas.

    Attributes:
        sides: The schemas.
        rows: The objects, those that fail the check first.
        reference: What the schemas are compared with.
    """

    sides: tuple[Side, ...]
    rows: tuple[MatrixRow, ...]
    reference: str


def matrix(database: DatabaseReport, report: Report) -> Matrix:
    """Make the matrix of a database from its findings about objects."""
    found = [finding for finding in database.findings if finding.gaps]
    gaps = database.gaps if database.revision_match else gaps_of(database)
    sides = tuple(side for side, _ in links(gaps))
    if any(Side.REVISION in finding.definitions for finding in found):
        sides = tuple(Side.REVISION if side is Side.STAMPED else side for side in sides)
    groups: dict[Address, list[Finding]] = {}
    for finding in by_parent(ordered(found, report)):
        parent = parent_of(finding)
        if parent is not None:
            groups.setdefault(parent, []).append(finding)
    rows = (
        MatrixRow(parent, tuple(_cell(parent, side, group, report) for side in sides))
        for parent, group in groups.items()
    )
    reference = "the first database" if Side.FIRST in sides else "what the migrations build"
    return Matrix(sides, tuple(rows), reference)


def _cell(parent: Address, side: Side, findings: Sequence[Finding], report: Report) -> Cell:
    known = [finding for finding in findings if side in finding.definitions]
    if not known:
        return Cell("unknown")
    own = next((finding for finding in known if finding.address == parent), None)
    differing = {f.address: f for f in reversed(known) if _difference(f, side)}
    if not differing:
        return Cell("none" if own is not None and own.definitions[side] is None else "same")
    state = min((level(finding, report) for finding in differing.values()), key=_LEVELS.index)
    if own is not None and own.address in differing and _difference(own, side) != "changed":
        return Cell(state, (_difference(own, side),))
    return Cell(state, _counted(_difference(finding, side) for finding in differing.values()))


def _difference(finding: Finding, side: Side) -> str:
    """Return how an object on a side differs from the migrations; empty if it does not."""
    reference = reference_side(finding)
    if reference is None:
        return ""
    wanted, actual = state_on(finding, reference), state_on(finding, side)
    if wanted == actual:
        return ""
    return "missing" if actual is None else "extra" if wanted is None else "changed"


def _counted(differences: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(differences)
    words = ("missing", "extra", "changed")
    return tuple(f"{counts[word]} {word}" for word in words if counts[word])
