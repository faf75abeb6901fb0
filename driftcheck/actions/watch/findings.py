"""Reads the JSON reports of a round into what ``driftcheck watch`` keeps of each database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

KEPT = ("rule", "severity", "gap", "kind", "address", "new_name", "message", "difference")
"""The keys of a finding that are kept. Two findings with equal values are the same finding."""

Finding = Mapping[str, Any]
"""A finding of a JSON report (docs/json.md), limited to the keys of ``KEPT``."""


@dataclass(frozen=True)
class DatabaseRound:
    """What a round says about one database.

    Attributes:
        unchecked: The reason why the database could not be checked; empty if it was.
        heads: The heads of the history.
        gaps: The gaps that were compared. Nothing is known of findings in other gaps.
        findings: The findings, except notes that do not fail the check.
    """

    unchecked: str = ""
    heads: tuple[str, ...] = ()
    gaps: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = field(default_factory=tuple)


def databases_of(report: Mapping[str, Any]) -> dict[str, DatabaseRound]:
    """Return what a JSON report says about each database, by the name of the database.

    Args:
        report: The report of ``driftcheck compare`` or of ``driftcheck fleet``.
    """
    if "clusters" not in report:
        return {database["name"]: _checked(database) for database in report["databases"]}
    databases = {
        member["name"]: _checked(cluster["compared"])
        for cluster in report["clusters"]
        for member in cluster["members"]
    }
    failed = {each["name"]: DatabaseRound(each["reason"]) for each in report["not_checked"]}
    return databases | failed


def _checked(database: Mapping[str, Any]) -> DatabaseRound:
    return DatabaseRound(
        heads=tuple(database["heads"]),
        gaps=frozenset(database["gaps"]),
        findings=tuple(_kept(database["findings"])),
    )


def _kept(findings: Iterable[Mapping[str, Any]]) -> Iterator[Finding]:
    for finding in findings:
        if finding["fails"] or finding["severity"] != "note":
            yield {key: finding[key] for key in KEPT}
