"""Identifies findings across runs, for systems that tell new findings from known ones."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator

from driftcheck.judging.findings import Finding
from driftcheck.judging.report import DatabaseReport, Report


def with_fingerprints(report: Report) -> Iterator[tuple[DatabaseReport, Finding, str, int]]:
    """Yield each finding with its database, its fingerprint, and a number.

    The fingerprint does not change when lines move. That of a finding about an object does not
    change with its texts either; a finding without an object is identified by its message. The
    number counts the findings with this fingerprint from 1: a system that identifies a finding by
    its fingerprint keeps one of them only.
    """
    several = len(report.databases) > 1
    counts: Counter[str] = Counter()
    for database in report.databases:
        for finding in database.findings:
            fingerprint = _fingerprint(finding, database.name if several else "")
            counts[fingerprint] += 1
            yield database, finding, fingerprint, counts[fingerprint]


def _fingerprint(finding: Finding, database: str) -> str:
    about = [*finding.address] if finding.address else [finding.message]
    identity = json.dumps([database, finding.rule, *about])
    return hashlib.sha256(identity.encode()).hexdigest()[:32]
