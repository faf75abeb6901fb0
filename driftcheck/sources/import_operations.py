"""Runs the operations that revisions run when they are imported, outside of their functions.

A command of Alembic imports all revisions when it first needs one. If it migrates, the context of
the migration exists then, and code such as ``mood.create(op.get_bind(), checkfirst=True)`` at the
top level of a revision runs on the database before the first revision does. driftcheck imports the
revisions once, when it loads the project. Each replay runs such code again on its own shadow.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from alembic.script import ScriptDirectory
from alembic.util.pyfiles import load_module_py

_FUNCTION = re.compile(r"^(?:async )?def .*\n(?:[ \t].*\n|[ \t]*\n|[ \t].*\Z)*", re.MULTILINE)
_IMPORT = re.compile(r"^from alembic import op$", re.MULTILINE)
_NAME = re.compile(r"\bop\b")


def import_again(script: ScriptDirectory, heads: Sequence[str]) -> None:
    """Run the top level of the revisions that use ``op`` there, within the present context.

    A revision that has run is left out. What it creates when it is imported may have been dropped
    by a later one since.

    Args:
        script: The history. Its own modules of the revisions stay as they are.
        heads: The heads of the revisions that have run.
    """
    stamped = script.get_revisions(tuple(heads))
    have_run = {*script.revision_map._get_ancestor_nodes(stamped)}  # noqa: SLF001  (as upgrades do)
    for revision in script.walk_revisions():
        if revision not in have_run and uses_operations(Path(revision.path)):
            load_module_py(f"{revision.revision}_again", revision.path)


def uses_operations(file: Path) -> bool:
    """Whether a revision uses ``op`` outside of functions and classes."""
    try:
        text = file.read_text(encoding="utf-8")
        if not _NAME.search(_IMPORT.sub("", _FUNCTION.sub("", text))):
            return False  # nearly all revisions, which need not be parsed
        module = ast.parse(text)
    except (OSError, SyntaxError, ValueError):  # a compiled revision has no source
        return False
    names = {name for node in module.body for name in _names_of_operations(node)}
    return any(
        isinstance(node, ast.Attribute) and ast.unparse(node.value) in names
        for node in _outside_functions(module.body)
    )


def _names_of_operations(node: ast.stmt) -> Iterator[str]:
    """Yield the names under which an import makes Alembic's operations known."""
    if isinstance(node, ast.ImportFrom) and node.module == "alembic":
        yield from (each.asname or each.name for each in node.names if each.name == "op")
    elif isinstance(node, ast.Import):
        yield from (
            f"{each.asname or each.name}.op" for each in node.names if each.name == "alembic"
        )


def _outside_functions(nodes: Iterable[Any]) -> Iterator[ast.AST]:
    """Yield the nodes of code that runs when a module is imported."""
    for node in nodes:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            yield node
            yield from _outside_functions(ast.iter_child_nodes(node))
