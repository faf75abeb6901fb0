"""The checks of the gate that the pages show are checks that it makes."""

import ast
import re
from pathlib import Path

import pytest

from driftcheck.actions import gate
from tests.docs.pages import blocks

CHECK = re.compile(r"^  [✓✗] (.+)$", re.MULTILINE)
REPORTS = [code for _, code in blocks("text") if re.search(r"new revisions? since ", code)]
SHOWN = sorted({check for code in REPORTS for check in CHECK.findall(code)})


def literals():
    for module in Path(gate.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def test_the_pages_show_reports_of_the_gate():
    assert len(REPORTS) > 3


@pytest.mark.parametrize("check", SHOWN)
def test_a_check(check):
    name, _, _ = check.partition(": ")
    assert any(literal.startswith(name) for literal in literals())
