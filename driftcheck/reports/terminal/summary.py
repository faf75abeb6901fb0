"""Shows findings in full, grouped by the object they belong to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, groupby
from typing import TypeAlias

from driftcheck.judging.findings import Finding, PhantomOperation, Remedy
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.order import by_parent, ordered, parent_of
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.finding import in_full, remedy
from driftcheck.reports.terminal.layout import (
    BAD,
    CODE,
    FAINT,
    WARN,
    Lines,
    heading,
    quoted,
    words,
    wrapped,
)
from driftcheck.reports.terminal.overview import IN_FULL
from driftcheck.schema import Address

_PHANTOMS = 3
_PROJECT = "the project itself"


def findings(database: DatabaseReport, report: Report, output: OutputStyle) -> Iterator[Lines]:
    """Yield all findings of a database in full, first those that fail the check.

    Many findings are not shown in full on a terminal, but their phantom operations are listed.
    """
    shared = _shared_remedies(database)
    if output.whole or len(database.findings) <= IN_FULL:
        of_project = "the upgrade" if database.simulations else _PROJECT
        for parent, group in _groups(database.findings, report):
            yield heading(str(parent or of_project), output)
            yield from (in_full(finding, output, shared.keys()) for finding in group)
    else:
        yield from _phantoms(database.phantom_operations, output)
        hint = f"In full: {report.command} --verbose, or with -o FILE"
        yield wrapped(output, words(output, (hint, WARN)))
    yield from (remedy(shared_remedy, output, count=n) for shared_remedy, n in shared.items())


def _shared_remedies(database: DatabaseReport) -> dict[Remedy, int]:
    """Count the findings of each remedy that several findings share, such as an upgrade."""
    counts = Counter(remedy for finding in database.findings for remedy in finding.remedies)
    return {remedy: count for remedy, count in counts.items() if count > 1}


Group: TypeAlias = tuple[Address | None, list[Finding]]
"""A parent object and its findings; no object for the faults of the project itself."""


def _groups(found: Sequence[Finding], report: Report) -> Iterator[Group]:
    """Group findings by their parent object, first the findings that fail the check."""
    for _, equals in groupby(ordered(found, report), report.fails):
        for parent, group in groupby(by_parent(equals), parent_of):
            yield parent, list(group)


def _phantoms(phantoms: Sequence[PhantomOperation], output: OutputStyle) -> Iterator[Lines]:
    if not phantoms:
        return
    why = ": because of drift, not because of a model change, `migrate` would write:"
    name = counted(len(phantoms), "phantom operation")
    yield wrapped(output, words(output, (name, BAD), why))
    shown = (quoted(output, phantom.operation, style=CODE) for phantom in phantoms[:_PHANTOMS])
    lines = list(chain.from_iterable(shown))
    left_out = len(phantoms) - _PHANTOMS
    if left_out > 0:
        lines.append(words(output, (f"    … {left_out} more", FAINT)))
    yield lines
