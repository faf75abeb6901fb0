"""Finds the imports that operations need in a migration: of types of plugins and of the project."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

_IMPORTED_ALWAYS = frozenset(("op", "sa", "batch_op"))
"""Names that every migration has, and the name of a block in batch mode."""

_BLOCK_OF_TEMPLATE = re.compile(r"<%.*?%>", re.DOTALL)
_IMPORT = re.compile(r"^(?:import [^\n(]+|from [\w.]+ import (?:\([^)]*\)|[^\n(]+))", re.MULTILINE)


def template_imports(template: Path) -> tuple[str, ...]:
    """Return the imports that a template of migrations writes into every migration.

    Args:
        template: The file ``script.py.mako``.
    """
    try:
        text = template.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ()
    found = _IMPORT.findall(_BLOCK_OF_TEMPLATE.sub("", text))
    return tuple(line for each in found for line in _imports_in(each).values())


def imports_for(code: str, known: Iterable[str]) -> tuple[str, ...]:
    """Return the imports that the code of operations needs, besides ``op`` and ``sa``.

    Args:
        code: The operations in Python.
        known: Imports that autogenerate or the template of migrations writes. Another name is
            imported from the loaded module that it begins with.
    """
    by_name = _imports_in("\n".join(known))
    lines = (_import_of(name, by_name) for name in _names_in(code))
    return tuple(sorted({line for line in (*lines, by_name.get("*", "")) if line}))


def with_imports(code: str, known: Iterable[str]) -> str:
    """Return the code of operations below the imports that it needs."""
    return "\n".join([*imports_for(code, known), code])


def _import_of(name: str, by_name: Mapping[str, str]) -> str:
    """Return the import that binds a dotted name; empty if it is not known."""
    parts = name.split(".")
    if parts[0] in by_name:
        return by_name[parts[0]]
    prefixes = (".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1))
    module = next((prefix for prefix in prefixes if prefix in sys.modules), "")
    return f"import {module}" if module else ""


def _imports_in(code: str) -> dict[str, str]:
    """Return the imports at the top level of some code, by the name that each binds."""
    imports = {}
    for node in _parsed(code).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                single = (
                    ast.Import([alias])
                    if isinstance(node, ast.Import)
                    else ast.ImportFrom(node.module, [alias], node.level)
                )
                imports[alias.asname or alias.name.partition(".")[0]] = ast.unparse(single)
    return imports


def _names_in(code: str) -> Iterator[str]:
    """Yield the dotted names that some code uses and does not define."""
    for name in _dotted_names(_parsed(code)):
        root = name.partition(".")[0]
        if root not in _IMPORTED_ALWAYS and not hasattr(builtins, root):
            yield name


def _dotted_names(node: ast.AST) -> Iterator[str]:
    name = ast.unparse(node) if isinstance(node, (ast.Attribute, ast.Name)) else ""
    if name and all(part.isidentifier() for part in name.split(".")):
        yield name
    else:
        for child in ast.iter_child_nodes(node):
            yield from _dotted_names(child)


def _parsed(code: str) -> ast.Module:
    try:
        return ast.parse(code)
    except SyntaxError:
        return ast.Module(body=[], type_ignores=[])
