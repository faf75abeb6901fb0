"""Only repairs open a connection to a live database that can write."""

import ast
from pathlib import Path

import driftcheck

PACKAGE = Path(driftcheck.__file__).parent


def callers(name):
    """The modules that call a function or a method."""
    found = set()
    for module in PACKAGE.rglob("*.py"):
        text = module.read_text(encoding="utf-8")
        if name not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", None))
                if called == name:
                    found.add(str(module.relative_to(PACKAGE)))
    return found


def test_one_module_opens_it():
    assert callers("open_for_repair") == {"actions/repair/running.py"}


def test_one_command_runs_plans():
    assert callers("run_plan") == {"cli/applying.py"}
