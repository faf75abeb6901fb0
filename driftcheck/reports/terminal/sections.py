"""Divides findings into sections by verdict, and describes a section in one line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeAlias

from driftcheck.judging.findings import Finding, Verdict
from driftcheck.judging.report import Report
from driftcheck.reports.order import by_parent, meaning, ordered, parent_of
from driftcheck.reports.terminal.counting import counted, kinds

Section: TypeAlias = tuple[Verdict | None, Sequence[Finding]]
"""A verdict and its findings, all of which fail the check, or none of which does."""

_NAMED = 3
"""Objects that a summary names."""


def count_text(findings: Sequence[Finding], report: Report) -> str:
    """Return the number of findings, and of those that fail the check."""
    failing = sum(map(report.fails, findings))
    verb = "fails" if failing == 1 else "fail"
    if failing == len(findings):
        all_of = "all of " if len(findings) > 1 else ""
        return f"{counted(len(findings), 'finding')}, {all_of}which {verb} the check"
    return f"{counted(len(findings), 'finding')}, {failing or 'none'} of which {verb} the check"


def section_text(section: Section) -> str:
    """Return the verdict of a section with its meaning and the number of objects."""
    verdict, findings = section
    addresses = [finding.address for finding in findings if finding.address]
    counts = kinds(addresses) if len(addresses) == len(findings) else str(len(findings))
    name = f"{verdict}: " if verdict else ""
    return f"{name}{meaning(findings)} ({counts})"


def places_text(findings: Sequence[Finding]) -> str:
    """Return the objects with the most findings: ``table public.a (3) and 2 more``."""
    counts = Counter(str(parent) for f in findings if (parent := parent_of(f)) is not None)
    shown = [
        name + f" ({count})" * (count > 1 and len(counts) > 1)
        for name, count in counts.most_common(_NAMED)
    ]
    more = len(counts) - len(shown)
    return ", ".join(shown) + f" and {more} more" * (more > 0)


def sections_of(findings: Iterable[Finding], report: Report) -> Iterator[Section]:
    """Yield the findings of each verdict, first those that fail the check."""
    groups = groupby(ordered(findings, report), lambda f: (report.fails(f), f.verdict))
    return ((verdict, by_parent(group)) for (_, verdict), group in groups)
