"""Tells one finding in full: what is where, what comes of it, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from rich.text import Text

from driftcheck.judging.findings import Finding, PhantomOperation, Remedy, SourceLine
from driftcheck.reports.page import Page
from driftcheck.reports.terminal.counting import kinds
from driftcheck.reports.terminal.layout import (
    BAD,
    CODE,
    FAINT,
    SEVERITY,
    STRONG,
    Lines,
    Row,
    code,
    quoted,
    rows,
    spaced,
    words,
    wrapped,
)
from driftcheck.reports.terminal.sides import diffs, side_rows


def in_full(finding: Finding, page: Page, told_elsewhere: AbstractSet[Remedy]) -> Lines:
    """A finding with all that is known of it.

    Args:
        finding: The finding.
        page: What it goes on.
        told_elsewhere: The remedies of several findings, which are told once for all of them.
    """
    blocks = [
        [*title(finding, page), *_identity(finding, page)],
        rows(page, [*side_rows(finding, page), *_more_rows(finding, page)]),
        diffs(finding, page),
        quoted(page, finding.details) if finding.details else [],
        wrapped(page, words(page, ("Why: ", STRONG), finding.why), 2) if finding.why else [],
        _leads_to(finding, page),
        *_phantom(finding.phantom, page),
        *(remedy(r, page) for r in finding.remedies if r not in told_elsewhere),
    ]
    return list(spaced(blocks))


def title(finding: Finding, page: Page) -> Lines:
    """The mark of its severity, and its sentence."""
    mark, style = SEVERITY[finding.severity]
    text = words(page, (finding.message, STRONG))
    return wrapped(page, text, 2, first=words(page, (mark, style), " "))


def _identity(finding: Finding, page: Page) -> Lines:
    text = finding.rule
    if finding.blind_spot:
        text += ", which autogenerate does not see"
    return wrapped(page, words(page, (text, FAINT)), 2)


def _more_rows(finding: Finding, page: Page) -> Iterator[Row]:
    if finding.parts:
        yield Row("with", [words(page, kinds(finding.parts))])
    if finding.evidence:
        yield Row("evidence", [words(page, finding.evidence.text)])
    if finding.declared:
        yield Row("declared" if finding.address else "in", [words(page, _line(finding.declared))])
    if finding.origin:
        origin = finding.origin
        place = words(page, _line(SourceLine(origin.file, origin.line)))
        label = "made by" if finding.verdict else "in"
        yield Row(label, [words(page, f"revision {origin.revision}"), place])


def _line(place: SourceLine) -> str:
    return place.file + ("" if place.line is None else f":{place.line}")


def _leads_to(finding: Finding, page: Page) -> Lines:
    return wrapped(page, words(page, finding.leads_to), 2) if finding.leads_to else []


def _phantom(phantom: PhantomOperation | None, page: Page) -> Iterator[Lines]:
    if phantom is None:
        return
    why = ": because of this drift, and of no change to the models, `migrate` would write:"
    yield wrapped(page, words(page, ("Phantom operation", BAD), why), 2)
    yield quoted(page, phantom.operation, style=CODE)
    if not phantom.answer_known:
        return
    if phantom.colleague_error is None:
        after = "On a database without the drift it would run, and nobody would notice."
        yield wrapped(page, words(page, after), 2)
        return
    yield wrapped(page, words(page, "A colleague, whose database has no drift, would then get:"), 2)
    yield quoted(page, phantom.colleague_error, style=BAD)


def remedy(remedy: Remedy, page: Page, *, count: int = 0) -> Lines:
    """A way to mend it, with code that can be copied; ``count`` findings share it."""
    name = words(page, (remedy.name[:1].upper() + remedy.name[1:], STRONG))
    if remedy.loses_data:
        name.append_text(words(page, " ", ("(loses data)", BAD)))
    if count:
        name.append_text(words(page, f", for {count} of these findings"))
    text = name + words(page, f": {remedy.summary}")
    lines = wrapped(page, text, 2)
    return [*lines, Text(), *code(page, remedy.code)] if remedy.code else lines
