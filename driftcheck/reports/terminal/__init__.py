"""The form for people: the chain, what was found, how to mend it, and what happens next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import StringIO

from rich.console import Console
from rich.segment import Segments
from rich.text import Text

from driftcheck.chain import Gap
from driftcheck.judging.findings import DatabaseReport, Report, Verdict
from driftcheck.reports.page import PLAIN, Page
from driftcheck.reports.terminal.chain import chain
from driftcheck.reports.terminal.checks import checks
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.ignored import ignored
from driftcheck.reports.terminal.layout import (
    FAINT,
    STRONG,
    Lines,
    spaced,
    words,
    wrapped,
)
from driftcheck.reports.terminal.plays import plays
from driftcheck.reports.terminal.summary import findings
from driftcheck.reports.terminal.verdict import verdict
from driftcheck.reports.terminal.whereabouts import whereabouts

_DIALECTS = {
    "postgresql": "PostgreSQL",
    "mysql": "MySQL",
    "mariadb": "MariaDB",
    "sqlite": "SQLite",
    "mssql": "SQL Server",
    "oracle": "Oracle",
}

_MEANINGS = {
    Verdict.PENDING: "the models were changed, and no migration carries it yet",
    Verdict.UNAPPLIED: "migrations that have not run on this database",
    Verdict.DRIFT: "the database was changed outside the migrations",
    Verdict.HAND_APPLIED: "the models' change was made in the database by hand; "
    "only its migration is missing",
    Verdict.DIFFERENCE: "what the two databases do not hold alike",
    Verdict.CONFLICT: "models and database were both changed, and not alike; a person decides",
}


def render(report: Report, page: Page = PLAIN) -> str:
    """Write the report for a person to read."""
    blocks = [block for d in report.databases for block in _database(d, report, page)]
    *others, last = blocks or [[]]
    made = checks(report, page)
    end = [last, [*made, *verdict(report, page)]] if made else [[*last, *verdict(report, page)]]
    return as_text([*spaced([*others, *end])], page)


def as_text(lines: Lines, page: Page) -> str:
    """Lines as text. They are laid out already: as segments, rich leaves them as they are."""
    console = Console(
        file=StringIO(),
        force_terminal=page.colour,
        color_system="standard" if page.colour else None,
        force_jupyter=False,
        legacy_windows=False,
        _environ={},
    )
    with console.capture() as capture:
        for line in lines:
            console.print(Segments(line.render(console, end="\n")), soft_wrap=True)
    return capture.get()


def _database(database: DatabaseReport, report: Report, page: Page) -> Iterator[Lines]:
    yield _header(database, report, page)
    if database.plays:
        yield from plays(database, page)
    elif database.whereabouts is not None:
        yield whereabouts(database.whereabouts, page)
    else:
        yield chain(database, report, page)
    yield _meanings(database, page)
    yield from findings(database, report, page)
    yield ignored(database, page)
    yield [*_notes(database, page), *_coverage(database, page)]


def _header(database: DatabaseReport, report: Report, page: Page) -> Lines:
    line = title_of(report.project, database.name, database.dialect, database.server_version, page)
    line.append_text(words(page, (" · ", FAINT), _revisions(database)))
    where = words(page, (database.location, FAINT))
    return [*wrapped(page, line), *(wrapped(page, where) if database.location else [])]


def title_of(project: str, name: str, dialect: str, server_version: str, page: Page) -> Text:
    """The project, its database, and what that is on."""
    line = words(page, (project, STRONG))
    if name != project:
        line.append_text(words(page, (" · ", FAINT), name))
    server = f" on {_DIALECTS.get(dialect, dialect)} {server_version}"
    line.append_text(words(page, server))
    return line


def _revisions(database: DatabaseReport) -> str:
    stamped = ", ".join(database.stamped) or "nothing"
    heads = ", ".join(database.heads) or "none"
    if Gap.DIFFERENCE in database.gaps:
        return "side by side"
    if not database.plays and {Gap.UNAPPLIED, Gap.DRIFT}.isdisjoint(database.gaps):
        return f"head {heads}"
    if set(database.stamped) == set(database.heads) != set():
        return f"stamped {stamped}, the head"
    return f"stamped {stamped}, head {heads}"


def _meanings(database: DatabaseReport, page: Page) -> Lines:
    """What the words of the chain mean, for those that it is about."""
    present = {finding.verdict for finding in database.findings}
    lines: Lines = []
    for sort, meaning in _MEANINGS.items():
        if sort in present:
            lines += wrapped(page, words(page, (sort, STRONG), f": {meaning}"), 2)
    return lines


def _notes(database: DatabaseReport, page: Page) -> Iterator[Text]:
    shadows = (database.shadows,) if page.full and database.shadows else ()
    for note in (*shadows, *database.notes):
        yield from wrapped(page, words(page, note), 2, first=words(page, ("· ", FAINT)))


def _coverage(database: DatabaseReport, page: Page) -> Lines:
    compared = _counts(database.coverage.compared) or "nothing"
    not_compared = _counts(database.coverage.not_compared)
    text = f"compared {compared}" + f"; not compared: {not_compared}" * bool(not_compared)
    left_out = ", ".join(database.coverage.left_out)
    text += f"; left out: {left_out}" * bool(left_out)
    text += f"; history replay: {database.replay}" * bool(database.replay)
    return wrapped(page, words(page, (text, FAINT)))


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(counted(count, kind) for kind, count in counts.items() if count)
