"""The form of a proof for people: a line for each kind, and every fault with its SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text

from driftcheck.errors import ExitCode
from driftcheck.judging.mutation_results import DatabaseProof, Outcome, Proof, Tally, Tried
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text, title_of
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    Lines,
    code,
    spaced,
    words,
    wrapped,
)


def in_terminal(proof: Proof, page: OutputStyle = PLAIN) -> str:
    """Write the proof for a person to read."""
    blocks = [block for database in proof.databases for block in _database(proof, database, page)]
    *others, last = blocks or [[]]
    return as_text([*spaced([*others, [*last, *_verdict(proof, page)]])], page)


def _database(proof: Proof, database: DatabaseProof, page: OutputStyle) -> Iterator[Lines]:
    title = title_of(proof.project, database.name, database.dialect, database.server_version, page)
    heads = ", ".join(database.heads) or "none"
    title.append_text(words(page, (" · ", FAINT), f"shadow at head {heads}"))
    yield wrapped(page, title)
    yield _table(database, page)
    for tried in database.faults:
        yield _fault(tried, page)
    yield [*_notes(database, page), *_extent(database, page)]


class _Cell(NamedTuple):
    """A text in the table, and how it is written."""

    text: str
    style: str = ""


def _table(database: DatabaseProof, page: OutputStyle) -> Lines:
    rows = [
        tuple(_Cell(head, FAINT) for head in ("", "changes found", "nothing told")),
        *(_row(kind, tally) for kind, tally in database.tallies.items()),
        _row("all", database.total),
    ]
    first, *others = (max(len(cell.text) for cell in column) for column in zip(*rows, strict=True))
    return [
        words(
            page,
            f"  {kind.text:{first}}",
            *(
                (f"   {cell.text:>{width}}", cell.style)
                for cell, width in zip(cells, others, strict=True)
            ),
        )
        for kind, *cells in rows
    ]


def _row(kind: str, tally: Tally) -> tuple[_Cell, ...]:
    found = f"{tally.found:,} of {tally.told:,}" if tally.told else "-"
    quiet = f"{tally.quiet:,} of {tally.untold:,}" if tally.untold else "-"
    return (
        _Cell(kind),
        _Cell(found, BAD if tally.missed else ""),
        _Cell(quiet, BAD if tally.false_alarms else ""),
    )


_HEADINGS = {Outcome.MISSED: "missed", Outcome.FALSE_ALARM: "false alarm"}


def _fault(tried: Tried, page: OutputStyle) -> Lines:
    mark = words(page, ("✗", BAD), " ")
    heading = words(page, f"{_HEADINGS[tried.outcome]}: {tried.address}: {tried.doing}")
    lines = wrapped(page, heading, 2, first=mark)
    told = ", ".join(tried.told) or "nothing"
    why = "; ".join(filter(None, (f"told: {told}", tried.reason)))
    script = "\n".join(f"{statement};" for statement in tried.statements)
    return [*lines, *code(page, script), *wrapped(page, words(page, (why, FAINT)), 4)]


def _notes(database: DatabaseProof, page: OutputStyle) -> Iterator[Text]:
    shadows = (database.shadows,) if page.full and database.shadows else ()
    for note in (*shadows, *database.notes):
        yield from wrapped(page, words(page, note), 2, first=words(page, ("· ", FAINT)))


def _extent(database: DatabaseProof, page: OutputStyle) -> Lines:
    begun, skipped = len(database.tried), database.total.not_applicable
    text = f"tried {begun:,} of {database.possible:,} changes that can be thought of"
    if database.seed is not None:
        text += f", drawn by seed {database.seed}"
    text += f"; {skipped:,} of them are so already here, or the server refuses them"
    return wrapped(page, words(page, (text, FAINT)))


def _verdict(proof: Proof, page: OutputStyle) -> Lines:
    faults = [tried for database in proof.databases for tried in database.faults]
    if proof.exit_code is ExitCode.CANNOT_CHECK:
        mark, style, text = "✗", BAD, "Nothing could be tried, so nothing is proved (exit code 3)."
    elif faults:
        missed = sum(tried.outcome is Outcome.MISSED for tried in faults)
        mark, style = "✗", BAD
        text = (
            f"{counted(missed, 'change')} missed, "
            f"{counted(len(faults) - missed, 'false alarm')} (exit code 1). "
            "That is a fault of driftcheck: please report it with what is above."
        )
    else:
        mark, style, text = "✓", GOOD, "Every change was found, and nothing else was told."
    return wrapped(page, words(page, text), 2, first=words(page, (mark, style), " "))
