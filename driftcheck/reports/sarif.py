"""The form for code scanning: SARIF 2.1.0.

GitHub takes a file only where every result stands in a file (``locationFromSarifResult``), and
knows a result again by ``primaryLocationLineHash`` alone. That would be a hash of the line; here
it is one of the rule and the object, which stays where lines move, and is another for each of
several columns that one line makes.

What is ignored is no result: GitHub does not know suppressions, and would open an alert.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from driftcheck import __version__
from driftcheck.errors import ExitCode
from driftcheck.judging.findings import DatabaseReport, Finding, Ignored, Report, SourceLine
from driftcheck.judging.rules import explained
from driftcheck.reports.dumping import dump
from driftcheck.reports.level import level
from driftcheck.reports.page import PLAIN, Page
from driftcheck.reports.prose import paragraphs
from driftcheck.reports.terminal.verdict import next_step, outcome
from driftcheck.reports.visible import visible

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"


def render(report: Report, page: Page = PLAIN) -> str:
    """Write one run, with a result for each finding."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, page)]}
    return dump(_visible(log), page)


def _visible(value: Any) -> Any:
    """The same with every text as it can be read: readers choke on lone surrogates."""
    match value:
        case str():
            return visible(value, keep="\n\t")
        case list():
            return [_visible(item) for item in value]
        case dict():
            return {visible(key): _visible(item) for key, item in value.items()}
    return value


def _run(report: Report, page: Page) -> dict[str, Any]:
    rules: dict[str, Finding] = {}
    for finding in report.findings:
        rules.setdefault(finding.rule, finding)
    order = list(rules)
    several = len(report.databases) > 1
    results = [
        _result(finding, order.index(finding.rule), database, report, page, several=several)
        for database in report.databases
        for finding in database.findings
    ]
    return {
        "tool": {
            "driver": {
                "name": "driftcheck",
                "semanticVersion": __version__,
                "rules": [_rule(finding) for finding in rules.values()],
            }
        },
        "automationDetails": {"id": f"{report.command}/"},
        "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": results,
        "properties": {"ignored": [_ignored(one) for one in report.ignored]},
    }


def _rule(finding: Finding) -> dict[str, Any]:
    rule = explained(finding)
    step = next_step(finding)
    full = f"{rule.message}. {rule.leads_to}".rstrip()
    return {
        "id": finding.rule,
        "name": "".join(word.title() for word in finding.rule.split("-")),
        "shortDescription": {"text": rule.message},
        "fullDescription": {"text": full},
        "help": {"text": full + f"\n\nNext: {step}." * bool(step)},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(  # noqa: PLR0913  (what a result is of)
    finding: Finding,
    index: int,
    database: DatabaseReport,
    report: Report,
    page: Page,
    *,
    several: bool,
) -> dict[str, Any]:
    result = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding, report),
        "message": {"text": "\n\n".join([finding.message, *paragraphs(finding, PLAIN)])},
        "locations": list(_locations(finding, database, page)),
        "relatedLocations": list(_related(finding, page)),
        "partialFingerprints": _fingerprints(finding, database.name if several else ""),
    }
    return {key: value for key, value in result.items() if value != []}


def _locations(finding: Finding, database: DatabaseReport, page: Page) -> Iterator[dict[str, Any]]:
    last_resort = SourceLine(database.environment) if database.environment else None
    place = finding.location or last_resort
    location: dict[str, Any] = {}
    if place is not None:
        location["physicalLocation"] = _physical(place, page)
    if finding.address is not None:
        name = finding.address.sql
        location["logicalLocations"] = [
            {"fullyQualifiedName": name, "kind": finding.address.kind.replace(" ", "-")}
        ]
    if location:
        yield location


def _physical(place: SourceLine, page: Page) -> dict[str, Any]:
    """A place in a file. GitHub shows none without a line."""
    return {
        "artifactLocation": _artifact(page.path(place.file)),
        "region": {"startLine": place.line or 1},
    }


def _artifact(path: str) -> Mapping[str, str]:
    escaped = quote(path.encode("utf-8", "surrogatepass"))
    if PurePosixPath(path).is_absolute():
        return {"uri": f"file://{escaped}"}
    return {"uri": escaped, "uriBaseId": _ROOT}


def _related(finding: Finding, page: Page) -> Iterator[dict[str, Any]]:
    origin = finding.origin
    if origin is None or finding.location == SourceLine(origin.file, origin.line):
        return
    yield {
        "physicalLocation": _physical(SourceLine(origin.file, origin.line), page),
        "message": {"text": f"Made by revision {origin.revision}."},
    }


def _fingerprints(finding: Finding, database: str) -> dict[str, str]:
    """What makes it the same finding in the next run: no line, no text that may be reworded."""
    about = [*finding.address] if finding.address else [finding.message]
    said = json.dumps([database, finding.rule, *about])
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    return {"primaryLocationLineHash": f"{digest}:1", "driftcheck/v1": digest}


def _invocation(report: Report) -> dict[str, Any]:
    code = int(report.exit_code)
    invocation: dict[str, Any] = {
        "executionSuccessful": report.exit_code is not ExitCode.CANNOT_CHECK,
        "exitCode": code,
    }
    told = []
    if report.exit_code is ExitCode.CANNOT_CHECK:
        told.append(("error", outcome(report)))
    if report.ignored:
        told.append(("note", f"{len(report.ignored)} ignored, as [tool.driftcheck] says."))
    if told:
        invocation["toolExecutionNotifications"] = [
            {"level": grade, "message": {"text": text}} for grade, text in told
        ]
    return invocation


def _ignored(one: Ignored) -> dict[str, Any]:
    return {
        "rule": one.finding.rule,
        "address": one.finding.address.sql if one.finding.address else None,
        "reason": one.reason,
        "until": one.until and one.until.isoformat(),
    }
