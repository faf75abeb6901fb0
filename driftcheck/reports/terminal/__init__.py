"""The format for people: the chain, a summary, the findings with their remedies, the next step."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from io import StringIO

from rich.text import Text

from driftcheck.chain import Gap
from driftcheck.dialects import display_name
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal.chain import chain
from driftcheck.reports.terminal.checks import checks
from driftcheck.reports.terminal.conclusion import conclusion
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.databases import databases_in_brief
from driftcheck.reports.terminal.ignored import ignored
from driftcheck.reports.terminal.layout import (
    FAINT,
    STRONG,
    Lines,
    spaced,
    words,
    wrapped,
)
from driftcheck.reports.terminal.overview import overview
from driftcheck.reports.terminal.revision_match import revision_match
from driftcheck.reports.terminal.simulations import simulations
from driftcheck.reports.terminal.summary import findings

_SCREEN = 24
"""Lines of a terminal of the usual size. A longer report begins with what matters most."""


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render the report for a person to read."""
    blocks = [block for d in report.databases for block in _database(d, report, output)]
    *others, last = blocks or [[]]
    check_lines, last_line = checks(report, output), conclusion(report, output)
    if _exceeds_screen([*blocks, check_lines]):
        start = [check_lines, *databases_in_brief(report, output)]
        return as_text([*spaced([*start, *others, [*last, *last_line]])], output)
    end = [last, [*check_lines, *last_line]] if check_lines else [[*last, *last_line]]
    return as_text([*spaced([*others, *end])], output)


def _exceeds_screen(blocks: Iterable[Lines]) -> bool:
    """Whether the beginning of a report disappears when the terminal shows its end."""
    return sum(len(block) + 1 for block in blocks if block) > _SCREEN


def as_text(lines: Lines, output: OutputStyle) -> str:
    """Convert lines to text. They are wrapped already; rich does not change segments."""
    if not output.colour:
        return "".join(f"{line.plain}\n" for line in lines)
    from rich.console import Console  # noqa: PLC0415  (not needed without colours)
    from rich.segment import Segments  # noqa: PLC0415

    console = Console(
        file=StringIO(),
        force_terminal=True,
        color_system="standard",
        force_jupyter=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as capture:
        for line in lines:
            console.print(Segments(line.render(console, end="\n")), soft_wrap=True)
    return capture.get()


def _database(database: DatabaseReport, report: Report, output: OutputStyle) -> Iterator[Lines]:
    blocks = [_header(database, report, output), *_picture(database, report, output)]
    rest = [
        *findings(database, report, output),
        ignored(database, output),
        [*_notes(database, output), *_coverage(database, output)],
    ]
    yield from blocks
    exceeds_screen = _exceeds_screen([*blocks, *rest])
    yield from overview(database, report, output, exceeds_screen=exceeds_screen)
    yield from rest


def _picture(database: DatabaseReport, report: Report, output: OutputStyle) -> Iterator[Lines]:
    if database.simulations:
        yield from simulations(database, output)
    elif database.revision_match is not None:
        yield revision_match(database.revision_match, output)
    else:
        yield chain(database, report, output)


def _header(database: DatabaseReport, report: Report, output: OutputStyle) -> Lines:
    line = title_of(
        report.project, database.name, database.dialect, database.server_version, output
    )
    line.append_text(words(output, (" · ", FAINT), _revisions(database)))
    location = words(output, (database.location, FAINT))
    return [*wrapped(output, line), *(wrapped(output, location) if database.location else [])]


def title_of(
    project: str, name: str, dialect: str, server_version: str, output: OutputStyle
) -> Text:
    """Return the names of the project, of the database and of the database system."""
    line = words(output, (project, STRONG))
    if name != project:
        line.append_text(words(output, (" · ", FAINT), name))
    server = f" on {display_name(dialect, server_version)} {server_version}"
    line.append_text(words(output, server))
    return line


def _revisions(database: DatabaseReport) -> str:
    stamped = ", ".join(database.stamped) or "nothing"
    heads = ", ".join(database.heads) or "none"
    if Gap.DIFFERENCE in database.gaps:
        return "side by side"
    if not database.simulations and {Gap.UNAPPLIED, Gap.DRIFT}.isdisjoint(database.gaps):
        return f"head {heads}"
    if set(database.stamped) == set(database.heads) != set():
        return f"stamped {stamped}, the head"
    return f"stamped {stamped}, head {heads}"


def _notes(database: DatabaseReport, output: OutputStyle) -> Iterator[Text]:
    shadows = (database.shadows,) if output.full and database.shadows else ()
    for note in (*shadows, *database.notes):
        yield from wrapped(output, words(output, note), 2, first=words(output, ("· ", FAINT)))


def _coverage(database: DatabaseReport, output: OutputStyle) -> Lines:
    compared = _counts(database.coverage.compared) or "nothing"
    not_compared = _counts(database.coverage.not_compared)
    text = f"compared {compared}" + f"; not compared: {not_compared}" * bool(not_compared)
    left_out = ", ".join(database.coverage.left_out)
    text += f"; left out: {left_out}" * bool(left_out)
    text += f"; history replay: {database.replay}" * bool(database.replay)
    return wrapped(output, words(output, (text, FAINT)))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(counted(count, kind) for kind, count in counts.items() if count)
