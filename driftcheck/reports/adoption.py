"""The formats of ``driftcheck adopt``: the migration, and what was proved of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

from driftcheck.judging.adoption import Adoption, Attempt, ModelChange
from driftcheck.judging.findings import Finding
from driftcheck.reports.dumping import dump
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.prose import line_text
from driftcheck.reports.terminal import as_text
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    SEVERITY,
    STRONG,
    WARN,
    Lines,
    code,
    heading,
    quoted,
    spaced,
    words,
    wrapped,
)

_MARKS = {True: ("✓", GOOD), False: ("✗", BAD), None: ("·", FAINT)}


def in_terminal(adoption: Adoption, page: OutputStyle = PLAIN) -> str:
    """Render the migration for a terminal."""
    return as_text([*spaced(_blocks(adoption, page))], page)


def _blocks(adoption: Adoption, page: OutputStyle) -> Iterator[Lines]:
    title = words(page, (adoption.project, STRONG), (" · ", FAINT), "adopt")
    yield wrapped(page, title)
    if not adoption.adopted and not adoption.text:
        yield wrapped(page, words(page, "There is no drift to adopt."))
    if adoption.adopted:
        yield heading("adopted", page)
        yield [line for finding in adoption.adopted for line in _finding(finding, page)]
    if adoption.left:
        yield heading("not adopted", page)
        for each in adoption.left:
            yield [
                *_finding(each.finding, page),
                *wrapped(page, words(page, (each.reason, FAINT)), 2),
            ]
    if adoption.text:
        yield heading(adoption.file, page)
        yield code(page, adoption.diff or adoption.text)
        yield heading("proof, on shadow databases", page)
        yield [line for attempt in adoption.attempts for line in _attempt(attempt, page)]
    for warning in adoption.warnings:
        yield wrapped(page, words(page, warning), 2, first=words(page, ("!", WARN), " "))
    if adoption.model_changes:
        yield heading("models", page)
        for change in adoption.model_changes:
            yield _model_change(change, page)


def _finding(finding: Finding, page: OutputStyle) -> Lines:
    mark, style = SEVERITY[finding.severity]
    text = words(page, finding.message, (f" [{finding.rule}]", FAINT))
    return wrapped(page, text, 2, first=words(page, (mark, style), " "))


def _attempt(attempt: Attempt, page: OutputStyle) -> Lines:
    first = words(page, _MARKS[attempt.succeeded], " ")
    database = f"{attempt.database}: " if attempt.database else ""
    text = words(page, (database, STRONG), attempt.description)
    lines = wrapped(page, text, 2, first=first)
    return [*lines, *(quoted(page, attempt.details) if attempt.details else [])]


def _model_change(change: ModelChange, page: OutputStyle) -> Lines:
    where = f" ({line_text(change.source, page)})" if change.source else ""
    lines = wrapped(page, words(page, change.summary, (where, FAINT)))
    return [*lines, *(code(page, change.diff) if change.diff else [])]


def in_json(adoption: Adoption, page: OutputStyle = PLAIN) -> str:
    """Render the migration as JSON."""
    return dump(
        {
            "command": "driftcheck adopt",
            "project": adoption.project,
            "adopted": [*map(_finding_values, adoption.adopted)],
            "not_adopted": [
                {**_finding_values(each.finding), "reason": each.reason} for each in adoption.left
            ],
            "revision": adoption.revision or None,
            "head": adoption.head or None,
            "file": adoption.file or None,
            "text": adoption.text or None,
            "diff": adoption.diff or None,
            "proved": adoption.is_proved,
            "proof": [
                {
                    "database": attempt.database or None,
                    "description": attempt.description,
                    "succeeded": attempt.succeeded,
                    "details": attempt.details or None,
                }
                for attempt in adoption.attempts
            ],
            "warnings": [*adoption.warnings],
            "models": [*map(_model_change_values, adoption.model_changes)],
            "next": [*adoption.next_steps],
        },
        page,
    )


def _finding_values(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "message": finding.message,
        "kind": finding.address.kind if finding.address else None,
        "address": finding.address.sql if finding.address else None,
        "verdict": str(finding.verdict) if finding.verdict else None,
    }


def _model_change_values(change: ModelChange) -> dict[str, Any]:
    return {
        "summary": change.summary,
        "file": change.source.file if change.source else None,
        "line": change.source.line if change.source else None,
        "diff": change.diff or None,
    }


Format: TypeAlias = Callable[[Adoption, OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""The formats by their names for ``--format``."""
