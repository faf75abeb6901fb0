"""Lists findings grouped by the object they belong to; many findings in one line each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from driftcheck.judging.findings import Finding, PhantomOperation, Remedy, Severity
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted, kinds
from driftcheck.reports.terminal.finding import in_full, remedy, title
from driftcheck.reports.terminal.layout import (
    BAD,
    CODE,
    FAINT,
    STRONG,
    WARN,
    Lines,
    quoted,
    words,
    wrapped,
)
from driftcheck.schema import Address

_IN_FULL = 10
"""Findings of one database that are shown in full; if there are more, each gets one line."""
_GROUPS = 12
_OF_EACH_GROUP = 3
_PHANTOMS = 10
_PROJECT = "the project itself"

_SEVERITIES = list(Severity)


def findings(database: DatabaseReport, report: Report, output: OutputStyle) -> Iterator[Lines]:
    """Return all findings of a database, first the faults of the project itself."""
    shared = _shared_remedies(database)
    groups = _groups(database.findings)
    if output.full or len(database.findings) <= _IN_FULL:
        of_project = "the upgrade" if database.simulations else _PROJECT
        for parent, group in groups:
            yield _heading(parent, output, of_project=of_project)
            yield from (in_full(finding, output, shared.keys()) for finding in group)
    else:
        count = len(database.findings)
        hint = f"{count} findings, one line each. In full: {report.command} --verbose"
        yield wrapped(output, words(output, (hint, WARN)))
        yield from _in_brief(groups, output)
        yield from _phantoms(database.phantom_operations, output)
    yield from (remedy(shared_remedy, output, count=n) for shared_remedy, n in shared.items())


def _shared_remedies(database: DatabaseReport) -> dict[Remedy, int]:
    """Count the findings of each remedy that several findings share, such as an upgrade."""
    counts = Counter(remedy for finding in database.findings for remedy in finding.remedies)
    return {remedy: count for remedy, count in counts.items() if count > 1}


Group: TypeAlias = tuple[Address | None, list[Finding]]
"""A parent object and its findings; no object for the faults of the project itself."""


def _groups(found: Sequence[Finding]) -> list[Group]:
    """Group findings by their parent object: faults first, then the most severe findings.

    Among findings of equal severity, those that autogenerate does not detect come first.
    """
    groups: dict[Address | None, list[Finding]] = {}
    for finding in sorted(found, key=_rank):
        groups.setdefault(finding.part_of or finding.address, []).append(finding)
    return sorted(groups.items(), key=lambda group: group[0] is not None)


def _rank(finding: Finding) -> tuple[int, bool]:
    return _SEVERITIES.index(finding.severity), not finding.blind_spot


def _heading(
    parent: Address | None, output: OutputStyle, *, count: int = 0, of_project: str = _PROJECT
) -> Lines:
    name = str(parent) if parent else of_project
    line = words(output, (name, STRONG))
    if count:
        line.append_text(words(output, (" · " + counted(count, "finding"), FAINT)))
    rest = output.width - line.cell_len - 4
    line = words(output, ("── ", FAINT)) + line
    return [line + words(output, (" " + "─" * rest, FAINT)) if rest > 0 else line]


def _in_brief(groups: Sequence[Group], output: OutputStyle) -> Iterator[Lines]:
    for parent, group in groups[:_GROUPS]:
        yield [
            *_heading(parent, output, count=len(group)),
            *(line for finding in group[:_OF_EACH_GROUP] for line in _one_line(finding, output)),
            *_left_out(group[_OF_EACH_GROUP:], output),
        ]
    rest = groups[_GROUPS:]
    if rest:
        count = counted(sum(len(group) for _, group in rest), "more finding")
        parents = kinds(parent for parent, _ in rest if parent)
        yield wrapped(output, words(output, (f"… and {count}, in {parents}", FAINT)))


def _one_line(finding: Finding, output: OutputStyle) -> Lines:
    """Return the message of a finding, and whether autogenerate detects it."""
    lines = title(finding, output)
    if finding.blind_spot:
        lines += wrapped(output, words(output, ("not detected by autogenerate", WARN)), 2)
    return lines


def _left_out(rest: Sequence[Finding], output: OutputStyle) -> Lines:
    if not rest:
        return []
    count = kinds(f.address for f in rest if f.address) or counted(len(rest), "fault")
    return wrapped(output, words(output, (f"… and {count} more", FAINT)), 2)


def _phantoms(phantoms: Sequence[PhantomOperation], output: OutputStyle) -> Iterator[Lines]:
    if not phantoms:
        return
    why = ": because of drift, not because of a model change, `migrate` would write:"
    yield wrapped(output, words(output, ("Phantom operations", BAD), why))
    shown = (quoted(output, phantom.operation, style=CODE) for phantom in phantoms[:_PHANTOMS])
    lines = list(chain.from_iterable(shown))
    left_out = len(phantoms) - _PHANTOMS
    if left_out > 0:
        lines.append(words(output, (f"    … {left_out} more", FAINT)))
    yield lines
