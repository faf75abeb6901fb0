"""Describes one finding in full: its object on each side, its impact and its remedies."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from rich.text import Text

from driftcheck.judging.findings import Finding, PhantomOperation, Remedy, SourceLine
from driftcheck.reports.output_style import OutputStyle
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


def in_full(finding: Finding, output: OutputStyle, shown_elsewhere: AbstractSet[Remedy]) -> Lines:
    """Return everything about a finding.

    Args:
        finding: The finding.
        output: The properties of the output.
        shown_elsewhere: Remedies that several findings share. They are shown once for all.
    """
    blocks = [
        [*title(finding, output), *_identity(finding, output)],
        rows(output, [*side_rows(finding, output), *_more_rows(finding, output)]),
        diffs(finding, output),
        quoted(output, finding.details) if finding.details else [],
        wrapped(output, words(output, ("Why: ", STRONG), finding.why), 2) if finding.why else [],
        wrapped(output, words(output, finding.impact), 2) if finding.impact else [],
        *_phantom(finding.phantom, output),
        *(remedy(r, output) for r in finding.remedies if r not in shown_elsewhere),
    ]
    return list(spaced(blocks))


def title(finding: Finding, output: OutputStyle) -> Lines:
    """Return the mark of the severity and the message."""
    mark, style = SEVERITY[finding.severity]
    text = words(output, (finding.message, STRONG))
    return wrapped(output, text, 2, first=words(output, (mark, style), " "))


def _identity(finding: Finding, output: OutputStyle) -> Lines:
    text = finding.rule
    if finding.blind_spot:
        text += ", not detected by autogenerate"
    return wrapped(output, words(output, (text, FAINT)), 2)


def _more_rows(finding: Finding, output: OutputStyle) -> Iterator[Row]:
    if finding.parts:
        yield Row("with", [words(output, kinds(finding.parts))])
    if finding.evidence:
        yield Row("evidence", [words(output, finding.evidence.text)])
    if finding.declared:
        label = "declared" if finding.address else "in"
        yield Row(label, [words(output, _line(finding.declared))])
    if finding.origin:
        origin = finding.origin
        line = words(output, _line(SourceLine(origin.file, origin.line)))
        label = "created by" if finding.verdict else "in"
        yield Row(label, [words(output, f"revision {origin.revision}"), line])


def _line(line: SourceLine) -> str:
    return line.file + ("" if line.line is None else f":{line.line}")


def _phantom(phantom: PhantomOperation | None, output: OutputStyle) -> Iterator[Lines]:
    if phantom is None:
        return
    why = ": because of this drift, not because of a model change, `migrate` would write:"
    yield wrapped(output, words(output, ("Phantom operation", BAD), why), 2)
    yield quoted(output, phantom.operation, style=CODE)
    if not phantom.answer_known:
        return
    if phantom.colleague_error is None:
        text = "On a database without this drift, the operation runs without an error."
        yield wrapped(output, words(output, text), 2)
        return
    text = "On a database without this drift, the operation fails:"
    yield wrapped(output, words(output, text), 2)
    yield quoted(output, phantom.colleague_error, style=BAD)


def remedy(remedy: Remedy, output: OutputStyle, *, count: int = 0) -> Lines:
    """Return a remedy with code that can be copied; ``count`` findings share it."""
    name = words(output, (remedy.name[:1].upper() + remedy.name[1:], STRONG))
    if remedy.loses_data:
        name.append_text(words(output, " ", ("(loses data)", BAD)))
    if count:
        name.append_text(words(output, f", for {count} of these findings"))
    text = name + words(output, f": {remedy.summary}")
    lines = wrapped(output, text, 2)
    return [*lines, Text(), *code(output, remedy.code)] if remedy.code else lines
