"""Describes a finding in plain paragraphs, for formats that have one text for each finding."""

from __future__ import annotations

from collections.abc import Iterator

from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Finding, SourceLine
from driftcheck.judging.value_text import value_text
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.values import grouped_values
from driftcheck.reports.visible import visible


def paragraphs(finding: Finding, output: OutputStyle) -> list[str]:
    """Return everything about a finding except its message; control characters are escaped."""
    texts = [*_differences(finding), *_consequences(finding), *_origin(finding, output)]
    texts += [f"Evidence: {finding.evidence.text}"] if finding.evidence else []
    texts += [finding.details] if finding.details else []
    for remedy in finding.remedies:
        name = remedy.name[:1].upper() + remedy.name[1:] + " (loses data)" * remedy.loses_data
        texts.append("\n".join(filter(None, (f"{name}: {remedy.summary}", remedy.code))))
    return [visible(text.rstrip(), output.encoding, keep="\n\t") for text in texts]


def _differences(finding: Finding) -> Iterator[str]:
    """Yield each attribute that differs, with its value on each side."""
    if finding.change is ChangeType.CHANGED:
        for name, groups in grouped_values(finding):
            texts = [f"{sides}: {value_text(value)}" for sides, value in groups]
            separator = "\n" if any("\n" in text for text in texts) else " "
            yield f"{name}: " + f";{separator}".join(texts)


def _consequences(finding: Finding) -> Iterator[str]:
    if finding.why:
        yield finding.why
    if finding.impact:
        yield finding.impact
    if finding.blind_spot:
        yield "Autogenerate does not detect this change."
    if finding.phantom is not None:
        yield f"Because of this drift, migrate would write:\n{finding.phantom.operation}"
        if finding.phantom.colleague_error is not None:
            error = finding.phantom.colleague_error
            yield f"On a database without this drift, the operation fails:\n{error}"


def _origin(finding: Finding, output: OutputStyle) -> Iterator[str]:
    if finding.origin is not None:
        line = SourceLine(finding.origin.file, finding.origin.line)
        verb = "Created by" if finding.verdict else "In"
        location = "" if line == finding.location else f", {line_text(line, output)}"
        yield f"{verb} revision {finding.origin.revision}{location}."


def line_text(line: SourceLine, output: OutputStyle) -> str:
    """Write a line of a file as ``models.py:17``, relative to the repository."""
    return output.path(line.file) + ("" if line.line is None else f":{line.line}")
