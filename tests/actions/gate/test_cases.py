"""Every test case of the gate: the changes of a branch, and the expected findings."""

import json
from pathlib import Path

import jsonschema

from driftcheck.judging.findings import Severity
from driftcheck.reports import render

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = jsonschema.Draft202012Validator(json.loads((DOCS / "report.schema.json").read_text()))


def test_case(case, sketch, request):
    report = case.run(sketch, lambda: request.getfixturevalue("pg18"))
    text = render(report)

    failing = [finding for finding in report.findings if report.fails(finding)]
    others = [finding for finding in report.findings if not report.fails(finding)]
    errors = list(SCHEMA.iter_errors(json.loads(render(report, "json"))))
    assert errors == []
    assert summaries(failing) == sorted(case.findings), text
    assert summaries(others) == sorted(case.notes), text
    assert int(report.exit_code) == bool(case.findings)
    assert sum(check.passed is None for check in report.checks) == case.unchecked, text
    assert any(check.passed is False for check in report.checks) == bool(case.findings)
    for words in case.says:
        assert words in " ".join(text.split())
    assert case.options or not any(f.severity is Severity.NOTE for f in failing)


def summaries(findings):
    """The rule of each finding with file and line, or with the object if there is no line."""
    return sorted([finding.rule, _origin(finding)] for finding in findings)


def _origin(finding):
    origin = finding.origin
    if origin is None:
        return str(finding.address)
    return f"{origin.file.removeprefix('migrations/versions/')}:{origin.line}"
