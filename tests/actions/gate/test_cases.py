"""Every case of the gate: what a branch brings, and what is found of it, where."""

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

    failing = [one for one in report.findings if report.fails(one)]
    others = [one for one in report.findings if not report.fails(one)]
    errors = list(SCHEMA.iter_errors(json.loads(render(report, "json"))))
    assert errors == []
    assert told(failing) == sorted(case.findings), text
    assert told(others) == sorted(case.notes), text
    assert int(report.exit_code) == bool(case.findings)
    assert sum(check.passed is None for check in report.checks) == case.unchecked, text
    assert any(check.passed is False for check in report.checks) == bool(case.findings)
    for words in case.says:
        assert words in " ".join(text.split())
    assert all(one.severity is not Severity.NOTE for one in failing) or case.options


def told(findings):
    """Rule, and file and line or, where there is none, the object."""
    return sorted([one.rule, _place(one)] for one in findings)


def _place(finding):
    origin = finding.origin
    if origin is None:
        return str(finding.address)
    return f"{origin.file.removeprefix('migrations/versions/')}:{origin.line}"
