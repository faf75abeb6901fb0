"""The terminal report of a selftest: a table of kinds, then every failure with its SQL."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rich.text import Text

from driftcheck.errors import ExitCode
from driftcheck.judging.mutation_results import (
    DatabaseResult,
    MutationResult,
    Outcome,
    SelftestResult,
    Tally,
)
from driftcheck.reports.page import PLAIN, Page
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


def in_terminal(selftest: SelftestResult, page: Page = PLAIN) -> str:
    """Render the result for a person to read."""
    blocks = [
        block for database in selftest.databases for block in _database(selftest, database, page)
    ]
    *others, last = blocks or [[]]
    return as_text([*spaced([*others, [*last, *_verdict(selftest, page)]])], page)


def _database(selftest: SelftestResult, database: DatabaseResult, page: Page) -> Iterator[Lines]:
    title = title_of(
        selftest.project, database.name, database.dialect, database.server_version, page
    )
    heads = ", ".join(database.heads) or "none"
    title.append_text(words(page, (" · ", FAINT), f"shadow at head {heads}"))
    yield wrapped(page, title)
    yield _table(database, page)
    for result in database.failures:
        yield _failure(result, page)
    yield [*_notes(database, page), *_extent(database, page)]


class _Cell(NamedTuple):
    """A string in the table, and its style."""

    text: str
    style: str = ""


def _table(database: DatabaseResult, page: Page) -> Lines:
    rows = [
        tuple(_Cell(head, FAINT) for head in ("", "detected", "no false alarm")),
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
    detected = _ratio(tally.detected, tally.expecting_finding)
    quiet = _ratio(tally.quiet, tally.checked_for_false_alarms)
    return (
        _Cell(kind),
        _Cell(detected, BAD if tally.missed else ""),
        _Cell(quiet, BAD if tally.false_alarms else ""),
    )


def _ratio(number: int, total: int) -> str:
    return f"{number:,} of {total:,}" if total else "-"


def _failure(result: MutationResult, page: Page) -> Lines:
    mark = words(page, ("✗", BAD), " ")
    heading = words(page, f"{result.outcome}: {result.address}: {result.description}")
    lines = wrapped(page, heading, 2, first=mark)
    reported = ", ".join(result.reported) or "nothing"
    why = "; ".join(filter(None, (f"reported: {reported}", result.reason)))
    script = "\n".join(f"{statement};" for statement in result.statements)
    return [*lines, *code(page, script), *wrapped(page, words(page, (why, FAINT)), 4)]


def _notes(database: DatabaseResult, page: Page) -> Iterator[Text]:
    shadows = (database.shadows,) if page.full and database.shadows else ()
    for note in (*shadows, *database.notes):
        yield from wrapped(page, words(page, note), 2, first=words(page, ("· ", FAINT)))


def _extent(database: DatabaseResult, page: Page) -> Lines:
    text = f"{len(database.results):,} of {database.possible:,} possible mutations were run"
    if database.seed is not None:
        text += f" (sample with seed {database.seed})"
    skipped = database.total.not_applicable
    text += f"; not applicable: {skipped:,} (refused by the server, or without effect)"
    return wrapped(page, words(page, (text, FAINT)))


def _verdict(selftest: SelftestResult, page: Page) -> Lines:
    failures = [result for database in selftest.databases for result in database.failures]
    if selftest.exit_code is ExitCode.CANNOT_CHECK:
        mark, style, text = "✗", BAD, "No mutation could be applied (exit code 3)."
    elif failures:
        missed = sum(result.outcome is Outcome.MISSED for result in failures)
        mark, style = "✗", BAD
        text = (
            f"{counted(missed, 'mutation')} missed, "
            f"{counted(len(failures) - missed, 'false alarm')} (exit code 1). "
            "This is a bug in driftcheck. Please report it with the output above."
        )
    else:
        mark, style, text = "✓", GOOD, "Every mutation was detected, without a false alarm."
    return wrapped(page, words(page, text), 2, first=words(page, (mark, style), " "))
