"""Tells findings by the whole that they belong to; in brief, where they are many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import TypeAlias

from driftcheck.judging.findings import (
    DatabaseReport,
    Finding,
    PhantomOperation,
    Remedy,
    Report,
    Severity,
)
from driftcheck.reports.page import Page
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
"""Findings of one database that are told in full; of more, each is told in a sentence."""
_GROUPS = 12
_OF_EACH_GROUP = 3
_PHANTOMS = 10
_PROJECT = "the project itself"

_SEVERITIES = list(Severity)


def findings(database: DatabaseReport, report: Report, page: Page) -> Iterator[Lines]:
    """Everything that was found of a database, the project's own faults before all else."""
    shared = _shared_remedies(database)
    groups = _groups(database.findings)
    if page.full or len(database.findings) <= _IN_FULL:
        for whole, group in groups:
            yield _heading(whole, page, of_none="the upgrade" if database.plays else _PROJECT)
            yield from (in_full(finding, page, shared.keys()) for finding in group)
    else:
        hint = f"{len(database.findings)} findings, in brief. In full: {report.command} --verbose"
        yield wrapped(page, words(page, (hint, WARN)))
        yield from _in_brief(groups, page)
        yield from _phantoms(database.phantom_operations, page)
    yield from (remedy(one, page, count=count) for one, count in shared.items())


def _shared_remedies(database: DatabaseReport) -> dict[Remedy, int]:
    """Remedies that several findings have, such as to upgrade, and how many have them."""
    counts = Counter(one for finding in database.findings for one in finding.remedies)
    return {one: count for one, count in counts.items() if count > 1}


Group: TypeAlias = tuple[Address | None, list[Finding]]
"""A whole and its findings; no whole for the project's own faults."""


def _groups(found: Sequence[Finding]) -> list[Group]:
    """Findings by the whole they belong to: faults, then what has the gravest.

    Among equals, what nobody else would tell of comes first: it must not drown.
    """
    groups: dict[Address | None, list[Finding]] = {}
    for finding in sorted(found, key=_gravity):
        groups.setdefault(finding.part_of or finding.address, []).append(finding)
    return sorted(groups.items(), key=lambda group: group[0] is not None)


def _gravity(finding: Finding) -> tuple[int, bool]:
    return _SEVERITIES.index(finding.severity), not finding.blind_spot


def _heading(
    whole: Address | None, page: Page, *, count: int = 0, of_none: str = _PROJECT
) -> Lines:
    name = str(whole) if whole else of_none
    line = words(page, (name, STRONG))
    if count:
        line.append_text(words(page, (" · " + counted(count, "finding"), FAINT)))
    rest = page.width - line.cell_len - 4
    line = words(page, ("── ", FAINT)) + line
    return [line + words(page, (" " + "─" * rest, FAINT)) if rest > 0 else line]


def _in_brief(groups: Sequence[Group], page: Page) -> Iterator[Lines]:
    for whole, group in groups[:_GROUPS]:
        yield [
            *_heading(whole, page, count=len(group)),
            *(line for finding in group[:_OF_EACH_GROUP] for line in _sentence(finding, page)),
            *_left_out(group[_OF_EACH_GROUP:], page),
        ]
    rest = groups[_GROUPS:]
    if rest:
        count = counted(sum(len(group) for _, group in rest), "finding")
        wholes = kinds(whole for whole, _ in rest if whole)
        yield wrapped(page, words(page, (f"… and {count} more, in {wholes}", FAINT)))


def _sentence(finding: Finding, page: Page) -> Lines:
    """A finding in a sentence, and whether anybody else would tell of it."""
    told = title(finding, page)
    if finding.blind_spot:
        told += wrapped(page, words(page, ("migrate does not see this", WARN)), 2)
    return told


def _left_out(rest: Sequence[Finding], page: Page) -> Lines:
    if not rest:
        return []
    count = kinds(f.address for f in rest if f.address) or counted(len(rest), "fault")
    return wrapped(page, words(page, (f"… and {count} more", FAINT)), 2)


def _phantoms(phantoms: Sequence[PhantomOperation], page: Page) -> Iterator[Lines]:
    if not phantoms:
        return
    why = ": because of drift, and of no change to the models, `migrate` would write:"
    yield wrapped(page, words(page, ("Phantom operations", BAD), why))
    shown = (quoted(page, one.operation, style=CODE) for one in phantoms[:_PHANTOMS])
    lines = list(chain.from_iterable(shown))
    left_out = len(phantoms) - _PHANTOMS
    if left_out > 0:
        lines.append(words(page, (f"    … {left_out} more", FAINT)))
    yield lines
