"""The JSON form is what its schema and docs/json.md say."""

import json
from pathlib import Path

import jsonschema
import pytest

from driftcheck.chain import Side
from driftcheck.reports import OutputStyle, render

SCHEMA = json.loads(
    (Path(__file__).parent.parent.parent / "docs" / "report.schema.json").read_text("utf-8")
)


def closed(schema):
    """The schema without room for keys that it does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    shut = {key: closed(value) for key, value in schema.items()}
    if "properties" in schema:
        shut["additionalProperties"] = False
    return shut


def test_a_report_holds_to_its_schema_and_has_no_key_that_is_not_described(sample):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    validator = jsonschema.Draft202012Validator(closed(SCHEMA))
    errors = list(validator.iter_errors(json.loads(render(sample, "json"))))
    assert errors == []


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("gap", "unheard-of"),
        ("live", 1),
        ("wanted_by_nobody", None),
        ("rule", "Not Kebab"),
        ("origin", {"revision": "a"}),
    ],
)
def test_the_schema_refuses_what_is_not_a_finding(key, value, samples):
    report = json.loads(render(samples["tutorial"], "json"))
    report["databases"][0]["findings"][0][key] = value
    assert not jsonschema.Draft202012Validator(closed(SCHEMA)).is_valid(report)


def test_a_side_without_the_object_is_null_and_one_not_looked_at_is_left_out(samples):
    tutorial, function = (
        json.loads(render(samples[name], "json"))["databases"][0]["findings"][0]
        for name in ("tutorial", "function-changed")
    )
    assert tutorial["live"] is None
    assert tutorial["stamped"] == "character varying(64) NOT NULL"
    assert "models" not in function
    assert [side for side in Side if side in function] == ["head", "stamped", "live"]


def test_what_was_said_comes_back_as_it_was(samples):
    wanted = samples["hostile"].databases[0].findings[0]
    for encoding in ("utf-8", "ascii"):
        text = render(samples["hostile"], "json", OutputStyle(encoding=encoding))
        found = json.loads(text)["databases"][0]["findings"][0]
        assert found["details"] == wanted.details
        assert found["address"] == wanted.address.sql


def test_text_that_can_be_read_stays_readable(samples):
    report = samples["clean"]
    renamed = type(report)("Schüler 学生 🎓", report.databases)
    assert '"Schüler 学生 🎓"' in render(renamed, "json")
    ascii_only = render(renamed, "json", OutputStyle(encoding="ascii"))
    assert ascii_only.isascii()
    assert json.loads(ascii_only)["project"] == "Schüler 学生 🎓"


def test_every_finding_is_there_however_many(samples):
    report = json.loads(render(samples["many"], "json"))
    assert len(report["databases"][0]["findings"]) == 500


def test_it_tells_which_findings_fail_the_check(samples):
    found = json.loads(render(samples["many"], "json"))["databases"][0]["findings"]
    assert [f["fails"] for f in found] == [f["severity"] != "note" for f in found]


def test_a_fault_of_the_project_has_neither_gap_nor_address(samples):
    found = json.loads(render(samples["history-broken"], "json"))["databases"][0]["findings"][0]
    keys = ("gap", "verdict", "change", "kind", "address", "part_of", "phantom")
    assert {key: found[key] for key in keys} == dict.fromkeys(keys)
