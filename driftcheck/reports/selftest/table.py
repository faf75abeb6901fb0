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


def in_terminal(selftest: SelftestResult, output: OutputStyle = PLAIN) -> str:
    """Render the result for a person to read."""
    blocks = [
        block for database in selftest.databases for block in _database(selftest, database, output)
    ]
    *others, last = blocks or [[]]
    return as_text([*spaced([*others, [*last, *_verdict(selftest, output)]])], output)


def _database(
    selftest: SelftestResult, database: DatabaseResult, output: OutputStyle
) -> Iterator[Lines]:
    title = title_of(
        selftest.project, database.name, database.dialect, database.server_version, output
    )
    heads = ", ".join(database.heads) or "none"
    title.append_text(words(output, (" · ", FAINT), f"shadow at head {heads}"))
    yield wrapped(output, title)
    yield _table(database, output)
    for result in database.failures:
        yield _failure(result, output)
    yield [*_notes(database, output), *_extent(database, output)]


class _Cell(NamedTuple):
    """A string in the table, and its style."""

    text: str
    style: str = ""


def _table(database: DatabaseResult, output: OutputStyle) -> Lines:
    rows = [
        tuple(_Cell(head, FAINT) for head in ("", "detected", "no false alarm")),
        *(_row(kind, tally) for kind, tally in database.tallies.items()),
        _row("all", database.total),
    ]
    first, *others = (max(len(cell.text) for cell in column) for column in zip(*rows, strict=True))
    return [
        words(
            output,
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


def _failure(result: MutationResult, output: OutputStyle) -> Lines:
    mark = words(output, ("✗", BAD), " ")
    heading = words(output, f"{result.outcome}: {result.address}: {result.description}")
    lines = wrapped(output, heading, 2, first=mark)
    reported = ", ".join(result.reported) or "nothing"
    why = "; ".join(filter(None, (f"reported: {reported}", result.reason)))
    script = "\n".join(f"{statement};" for statement in result.statements)
    return [*lines, *code(output, script), *wrapped(output, words(output, (why, FAINT)), 4)]


def _notes(database: DatabaseResult, output: OutputStyle) -> Iterator[Text]:
    shadows = (database.shadows,) if output.full and database.shadows else ()
    for note in (*shadows, *database.notes):
        yield from wrapped(output, words(output, note), 2, first=words(output, ("· ", FAINT)))


def _extent(database: DatabaseResult, output: OutputStyle) -> Lines:
    text = f"{len(database.results):,} of {database.possible:,} possible mutations were run"
    if database.seed is not None:
        text += f" (sample with seed {database.seed})"
    skipped = database.total.not_applicable
    text += f"; not applicable: {skipped:,} (refused by the server, or without effect)"
    return wrapped(output, words(output, (text, FAINT)))


def _verdict(selftest: SelftestResult, output: OutputStyle) -> Lines:
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
    return wrapped(output, words(output, text), 2, first=words(output, (mark, style), " "))
