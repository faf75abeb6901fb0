"""Every placeholder of a message or remedy is filled, and a placeholder without a value fails."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

import driftcheck
from driftcheck.judging.rules import CHANGES, FAULTS, HAZARDS, NOTED, PENDING_NAME, REMARKS, Rule
from driftcheck.judging.templates import RemedyTemplate, fill
from driftcheck.pipeline.faults.faults import fault

PACKAGE = Path(driftcheck.__file__).parent
TABLES = (FAULTS, HAZARDS, NOTED, REMARKS)
RULES = [*CHANGES.values(), PENDING_NAME, *(rule for table in TABLES for rule in table.values())]
OF_CHANGES = {"kind", "name", "new_name", "difference", "other"}
OF_HAZARDS = {"revision", "table", "name", "change", "locked"}
OF_REMARKS = {"address", "0", "1"}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


@pytest.mark.parametrize(
    ("rules", "values"),
    [
        ([*CHANGES.values(), *NOTED.values(), PENDING_NAME], OF_CHANGES),
        ([*HAZARDS.values()], OF_HAZARDS),
        ([*REMARKS.values()], OF_REMARKS),
    ],
    ids=["changes", "hazards", "remarks"],
)
def test_a_message_has_no_placeholder_without_a_value(rules: list[Rule], values: set[str]) -> None:
    assert [rule.message for rule in rules if not placeholders(rule.message) <= values] == []


def test_an_impact_has_no_placeholder() -> None:
    assert [rule.impact for rule in RULES if "{" in rule.impact or "}" in rule.impact] == []


def fault_calls() -> Iterator[tuple[str, list[str], set[str]]]:
    """Yield each call of ``fault`` with a literal rule: its place, the rules and the keywords."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) != "fault":
                continue
            constants = (n.value for n in ast.walk(node.args[0]) if isinstance(n, ast.Constant))
            identities = [value for value in constants if value in FAULTS]
            keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
            if identities:
                yield f"{path.relative_to(PACKAGE)}:{node.lineno}", identities, keywords


def test_every_fault_is_made_with_the_values_of_its_placeholders() -> None:
    calls = list(fault_calls())
    assert len(calls) > 20
    unfilled = [
        (place, identity, missing)
        for place, identities, keywords in calls
        for identity in identities
        if (missing := placeholders(FAULTS[identity].message) - keywords)
    ]
    assert unfilled == []


def test_a_placeholder_without_a_value_raises() -> None:
    with pytest.raises(LookupError, match="'revision' of 'the migration history does not run"):
        fault("history-broken")
    with pytest.raises(LookupError, match="table"):
        RemedyTemplate("check first", "x", "sql", "ALTER TABLE {table} ADD {name}").filled(name="a")
    with pytest.raises(LookupError, match=r"of '\{0\} and \{1\}'"):
        fill("{0} and {1}", "a")


def test_a_value_may_contain_braces() -> None:
    assert fill("{name} is {kind}", name="'{}'::jsonb", kind="{kind}") == "'{}'::jsonb is {kind}"
