"""Tells a finding in plain lines, for forms that have room for a text and no more."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Finding, SourceLine
from driftcheck.reports.page import Page
from driftcheck.reports.visible import visible
from driftcheck.schema import Value


def paragraphs(finding: Finding, page: Page) -> list[str]:
    """What is known of a finding besides its message; controls in it are made visible."""
    told = [*_differences(finding), *_consequences(finding), *_origin(finding, page)]
    told += [f"Evidence: {finding.evidence.text}"] if finding.evidence else []
    told += [finding.details] if finding.details else []
    for remedy in finding.remedies:
        name = remedy.name[:1].upper() + remedy.name[1:] + " (loses data)" * remedy.loses_data
        told.append("\n".join(filter(None, (f"{name}: {remedy.summary}", remedy.code))))
    return [visible(text.rstrip(), page.encoding, keep="\n\t") for text in told]


def _differences(finding: Finding) -> Iterator[str]:
    wanted, actual = finding.gaps[0].between if finding.gaps else ("wanted", "actual")
    if finding.change is ChangeType.CHANGED:
        for difference in finding.differences:
            name = difference.attribute.replace("_", " ")
            sides = value(difference.wanted), value(difference.actual)
            separator = "\n" if any("\n" in side for side in sides) else " "
            pairs = zip((f"{wanted}:", f"{actual}:"), sides, strict=True)
            yield f"{name}: " + f",{separator}".join(map(" ".join, pairs))


def value(held: Value) -> str:
    """What an attribute holds, as people write it."""
    if held is None:
        return "none"
    if isinstance(held, bool):
        return "yes" if held else "no"
    if isinstance(held, tuple):
        return f"({', '.join(map(value, held))})"
    return str(held) or "''"


def _consequences(finding: Finding) -> Iterator[str]:
    if finding.why:
        yield finding.why
    if finding.leads_to:
        yield finding.leads_to
    if finding.blind_spot:
        yield "Autogenerate does not see it."
    if finding.phantom is not None:
        yield f"Because of it, migrate would wrongly write:\n{finding.phantom.operation}"
        if finding.phantom.colleague_error is not None:
            error = finding.phantom.colleague_error
            yield f"A colleague, whose database has no drift, would then get:\n{error}"


def _origin(finding: Finding, page: Page) -> Iterator[str]:
    if finding.origin is not None:
        place = SourceLine(finding.origin.file, finding.origin.line)
        made = "Made by" if finding.verdict else "In"
        elsewhere = "" if place == finding.location else f", {shown(place, page)}"
        yield f"{made} revision {finding.origin.revision}{elsewhere}."


def shown(place: SourceLine, page: Page) -> str:
    """A place in a file, as people write it: ``models.py:17``."""
    return page.path(place.file) + ("" if place.line is None else f":{place.line}")
