"""The format for code scanning: SARIF 2.1.0.

GitHub accepts a file only if every result has a location in a file (``locationFromSarifResult``),
and identifies a result by ``primaryLocationLineHash`` alone. Usually this is a hash of the line.
Here it is a hash of the rule and the object, which does not change when lines move, and which
differs between several columns that one line creates.

Ignored findings are not results: GitHub does not support suppressions and would open an alert.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
https://docs.github.com/code-security/code-scanning/integrating-with-code-scanning/sarif-support-for-code-scanning
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from driftcheck import __version__
from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, IgnoredFinding, SourceLine
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.judging.rule_lookup import explained
from driftcheck.reports.dumping import dump
from driftcheck.reports.fingerprint import with_fingerprints
from driftcheck.reports.level import level
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.prose import paragraphs
from driftcheck.reports.terminal.conclusion import next_step, outcome
from driftcheck.reports.terminal.ignored import ignored_text
from driftcheck.reports.visible import visible

_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_ROOT = "%SRCROOT%"


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render one run, with a result for each finding."""
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(report, output)]}
    return dump(_visible(log), output)


def _visible(value: Any) -> Any:
    """Escape invisible characters in every string: readers fail on lone surrogates."""
    match value:
        case str():
            return visible(value, keep="\n\t")
        case list():
            return [_visible(item) for item in value]
        case dict():
            return {visible(key): _visible(item) for key, item in value.items()}
    return value


def _run(report: Report, output: OutputStyle) -> dict[str, Any]:
    rules: dict[str, Finding] = {}
    for finding in report.findings:
        rules.setdefault(finding.rule, finding)
    order = list(rules)
    results = [
        {
            **_result(finding, order.index(finding.rule), database, report, output),
            "partialFingerprints": {
                "primaryLocationLineHash": f"{fingerprint}:{number}",
                "driftcheck/v1": fingerprint,
            },
        }
        for database, finding, fingerprint, number in with_fingerprints(report)
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
        "properties": {"ignored": [_ignored(ignored) for ignored in report.ignored]},
    }


def _rule(finding: Finding) -> dict[str, Any]:
    rule = explained(finding)
    step = next_step(finding)
    full = f"{rule.message}. {rule.impact}".rstrip()
    return {
        "id": finding.rule,
        "name": "".join(word.title() for word in finding.rule.split("-")),
        "shortDescription": {"text": rule.message},
        "fullDescription": {"text": full},
        "help": {"text": full + f"\n\nNext: {step}." * bool(step)},
        "defaultConfiguration": {"level": rule.severity.value},
    }


def _result(
    finding: Finding, index: int, database: DatabaseReport, report: Report, output: OutputStyle
) -> dict[str, Any]:
    result = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": level(finding, report),
        "message": {"text": "\n\n".join([finding.message, *paragraphs(finding, PLAIN)])},
        "locations": list(_locations(finding, database, output)),
        "relatedLocations": list(_related(finding, output)),
    }
    return {key: value for key, value in result.items() if value != []}


def _locations(
    finding: Finding, database: DatabaseReport, output: OutputStyle
) -> Iterator[dict[str, Any]]:
    last_resort = SourceLine(database.environment) if database.environment else None
    line = finding.location or last_resort
    location: dict[str, Any] = {}
    if line is not None:
        location["physicalLocation"] = _physical(line, output)
    if finding.address is not None:
        name = finding.address.sql
        location["logicalLocations"] = [
            {"fullyQualifiedName": name, "kind": finding.address.kind.replace(" ", "-")}
        ]
    if location:
        yield location


def _physical(line: SourceLine, output: OutputStyle) -> dict[str, Any]:
    """Return a line of a file. GitHub does not show a location without a line."""
    return {
        "artifactLocation": _artifact(output.path(line.file)),
        "region": {"startLine": line.line or 1},
    }


def _artifact(path: str) -> Mapping[str, str]:
    escaped = quote(path.encode("utf-8", "surrogatepass"))
    if PurePosixPath(path).is_absolute():
        return {"uri": f"file://{escaped}"}
    return {"uri": escaped, "uriBaseId": _ROOT}


def _related(finding: Finding, output: OutputStyle) -> Iterator[dict[str, Any]]:
    origin, declared = finding.origin, finding.declared
    if origin is not None and finding.location != SourceLine(origin.file, origin.line):
        yield {
            "physicalLocation": _physical(SourceLine(origin.file, origin.line), output),
            "message": {"text": f"Created by revision {origin.revision}."},
        }
    if declared is not None and finding.location != declared:
        yield {
            "physicalLocation": _physical(declared, output),
            "message": {"text": "Declared here."},
        }


def _invocation(report: Report) -> dict[str, Any]:
    code = int(report.exit_code)
    invocation: dict[str, Any] = {
        "executionSuccessful": report.exit_code is not ExitCode.CANNOT_CHECK,
        "exitCode": code,
    }
    notifications = []
    if report.exit_code is ExitCode.CANNOT_CHECK:
        notifications.append(("error", outcome(report)))
    if report.ignored:
        notifications.append(("note", f"{ignored_text(report.ignored)}."))
    if notifications:
        invocation["toolExecutionNotifications"] = [
            {"level": grade, "message": {"text": text}} for grade, text in notifications
        ]
    return invocation


def _ignored(ignored: IgnoredFinding) -> dict[str, Any]:
    finding = ignored.finding
    return {
        "rule": finding.rule,
        "address": finding.address.sql if finding.address else None,
        "reason": ignored.reason,
        "until": ignored.until and ignored.until.isoformat(),
    }
