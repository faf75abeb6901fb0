"""A rule exists only if code reports it and a test expects it.

The identities are looked for as literals: in the package, and in the code and the data files of
the tests. The samples of reports are no expectation: no code under test makes their findings.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import driftcheck
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Verdict
from driftcheck.judging.rules import CHANGES, FAULTS, HAZARDS, NOT_OF_CHANGES, NOTED, REMARKS
from driftcheck.pipeline.repairs.table_effects import HazardKind

PACKAGE = Path(driftcheck.__file__).parent
TESTS = Path(__file__).parent.parent
TABLE_OF_RULES = PACKAGE / "judging" / "rules.py"
HERE = Path(__file__).parent
NO_EXPECTATIONS = {HERE / "test_used_rules.py", HERE / "test_placeholders.py"}


@cache
def literals_in_code() -> frozenset[str]:
    """Return the strings of the package, without docstrings and the table of rules itself."""
    return frozenset(
        node.value
        for path in PACKAGE.rglob("*.py")
        if path != TABLE_OF_RULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def files_of_tests() -> Iterator[Path]:
    for path in TESTS.rglob("*"):
        is_sample = path.is_relative_to(TESTS / "reports") or path in NO_EXPECTATIONS
        if path.suffix in {".py", ".toml", ".sql"} and not is_sample:
            yield path


@cache
def words_in_tests() -> frozenset[str]:
    """Return everything in the tests that may be the identity of a rule."""
    words: set[str] = set()
    for path in files_of_tests():
        words |= set(re.findall(r"[a-z]+(?:-[a-z]+)+", path.read_text(encoding="utf-8")))
    return frozenset(words)


@pytest.mark.parametrize("identity", sorted(FAULTS))
def test_code_reports_the_fault(identity: str) -> None:
    assert identity in literals_in_code()


def test_code_reports_the_hazards() -> None:
    assert {kind.value for kind in HazardKind} == set(HAZARDS)


@pytest.mark.parametrize("identity", sorted(REMARKS))
def test_code_reports_the_remark(identity: str) -> None:
    """An identity may be put together in SQL: the last word, and all before it."""
    queries = " ".join(literal for literal in literals_in_code() if "live-" in literal)
    start, end = identity.rsplit("-of-", 1) if "-of-" in identity else (identity, "")
    assert f"'{start}" in queries
    assert not end or f"'{end}'" in queries


@pytest.mark.parametrize("reason", sorted(NOTED))
def test_a_kind_gives_the_reason_of_a_note(reason: str) -> None:
    assert reason in literals_in_code()


@pytest.mark.parametrize("identity", sorted(NOT_OF_CHANGES))
def test_a_test_expects_the_rule(identity: str) -> None:
    assert identity in words_in_tests()


@pytest.mark.parametrize("suffix", sorted(NOTED))
def test_a_test_expects_the_note(suffix: str) -> None:
    assert any(re.fullmatch(rf"[a-z-]+-{suffix}", word) for word in words_in_tests())


@pytest.mark.parametrize("key", sorted(CHANGES), ids="-".join)
def test_a_test_expects_the_rule_of_a_change(key: tuple[Verdict, ChangeType]) -> None:
    verdict, change = key
    pattern = re.compile(rf"{verdict}-[a-z-]+-{change}")
    assert any(pattern.fullmatch(word) for word in words_in_tests())
