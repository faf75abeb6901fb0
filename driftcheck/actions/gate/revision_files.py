"""Revision files as they are written: what they say of themselves, without running them.

The base's files are read so, and the working tree's as well: two that say the same in other
words, with other comments or other formatting, are the same.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from alembic.script import Script

_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
_IS_REVISION_FILE = re.compile(r"(?!\.#|__init__).*\.py\Z")  # as Alembic has it
_NAMED_BY_FILE = re.compile(r"([a-f0-9]+)\.py\Z")  # as Alembic 0.1 had it
_DOWNGRADE = re.compile(r"downgrade(_\w*)?\Z")


class UnreadableError(ValueError):
    """A revision file that does not say outright what it is."""


@dataclass(frozen=True)
class RevisionFile:
    """A revision as its file says it.

    Attributes:
        path: Of the file, from the root of the repository.
        revision: The identifier.
        down: What it comes after; several, where it merges.
        depends_on: What else must have run before.
        labels: Of the branch that begins here.
        parts: What it consists of, by name, written so that it is equal where it means the same.
        lines: Where each part begins.
        undoes: What becomes of a downgrade.
    """

    path: str
    revision: str
    down: tuple[str, ...]
    depends_on: tuple[str, ...]
    labels: tuple[str, ...]
    parts: Mapping[str, str]
    lines: Mapping[str, int]
    undoes: Undoes

    def line_of(self, *parts: str) -> int:
        """Where the first of some parts stands that is there; else the first line."""
        return next((self.lines[part] for part in parts if part in self.lines), 1)

    def changed_since(self, other: RevisionFile) -> tuple[str, ...]:
        """The parts that do not mean the same in another version of it."""
        names = dict.fromkeys((*self.parts, *other.parts))
        return tuple(name for name in names if self.parts.get(name) != other.parts.get(name))


@dataclass(frozen=True, slots=True)
class Undoes:
    """What becomes of a downgrade, as far as its text tells.

    Attributes:
        is_empty: There is none, or it does nothing.
        refuses: It always raises.
    """

    is_empty: bool = False
    refuses: bool = False


def is_revision_file(path: str) -> bool:
    """Whether Alembic would take a file for a revision."""
    return _IS_REVISION_FILE.match(_name(path)) is not None


def _name(path: str) -> str:
    return PurePosixPath(path).name


def read_revision(path: str, text: bytes) -> RevisionFile:
    """Read a revision file.

    Args:
        path: Of the file, from the root of the repository.
        text: What is in it.

    Raises:
        UnreadableError: It is no Python, or its identifiers are computed.
    """
    try:
        module = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"it cannot be parsed: {error}") from None
    said, lines = _said(module)
    if "revision" not in said and (legacy := _NAMED_BY_FILE.match(_name(path))):
        said["revision"] = legacy[1]
    if not isinstance(said.get("revision"), str):
        raise UnreadableError("it does not say its revision outright")
    own = {name: _identifiers(said.get(name)) for name in _NAMES}
    parts = {name: repr(own[name]) for name in _NAMES} | _meanings(module)
    return RevisionFile(
        path=path,
        revision=said["revision"],
        down=own["down_revision"],
        depends_on=own["depends_on"],
        labels=own["branch_labels"],
        parts=parts,
        lines=_lines_of_functions(module) | lines,
        undoes=_undoes(module),
    )


def from_loaded(path: str, text: bytes, script: Script) -> RevisionFile:
    """A revision whose file had to be run to know what it is; all of its text counts."""
    own = {
        "revision": (script.revision,),
        "down_revision": _identifiers(script.down_revision),
        "branch_labels": _identifiers(getattr(script.module, "branch_labels", None)),
        "depends_on": _identifiers(script.dependencies),
    }
    return RevisionFile(
        path=path,
        revision=script.revision,
        down=own["down_revision"],
        depends_on=own["depends_on"],
        labels=own["branch_labels"],
        parts={name: repr(value) for name, value in own.items()} | {"the file": repr(text)},
        lines={},
        undoes=Undoes(is_empty=not hasattr(script.module, "downgrade")),
    )


def _said(module: ast.Module) -> tuple[dict[str, Any], dict[str, int]]:
    """The values that a module gives to names outright, and where it does for our own."""
    values: dict[str, Any] = {}
    lines: dict[str, int] = {}
    for statement in module.body:
        for name, value in _assigned(statement):
            if name in _NAMES:
                lines[name] = statement.lineno
            try:
                values[name] = _value(value, values)
            except ValueError:
                values.pop(name, None)
                if name in _NAMES:
                    raise UnreadableError(f"it computes its {name}") from None
    return values, lines


def _assigned(statement: ast.stmt) -> Iterator[tuple[str, ast.expr]]:
    targets: list[ast.expr] = []
    value: ast.expr | None = None
    if isinstance(statement, ast.AnnAssign):
        targets, value = [statement.target], statement.value
    elif isinstance(statement, ast.Assign):
        targets, value = statement.targets, statement.value
    for target in targets:
        if isinstance(target, ast.Name) and value is not None:
            yield target.id, value
        elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = zip(target.elts, value.elts, strict=False)
            yield from ((one.id, other) for one, other in pairs if isinstance(one, ast.Name))


def _value(expression: ast.expr, known: Mapping[str, Any]) -> Any:
    if isinstance(expression, ast.Name) and expression.id in known:
        return known[expression.id]
    return ast.literal_eval(expression)


def _identifiers(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    several = (value,) if isinstance(value, str) else value
    if not isinstance(several, (tuple, list, set)) or not all(isinstance(v, str) for v in several):
        raise UnreadableError("its identifiers are no text")
    return tuple(sorted(several))


def _meanings(module: ast.Module) -> dict[str, str]:
    """What every part of a module means, whatever its comments, layout and annotations."""
    bare = _Bare().visit(module)
    undoing = [one for one in bare.body if _is_downgrade(one)]
    used = _names_used(one for one in bare.body if one not in undoing)
    used_undoing = _names_used(undoing)
    meanings: dict[str, list[str]] = defaultdict(list)
    for statement in bare.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for bound, meant in _imported(statement):
                if bound in used or bound == "*":
                    meanings["imports"].append(meant)
                elif bound in used_undoing:
                    meanings["downgrade()"].append(meant)
        else:
            for name in _names_of(statement):
                meanings[name].append(ast.dump(statement, annotate_fields=False))
    return {name: "\n".join(sorted(meant)) for name, meant in meanings.items()}


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Every name that is imported, and what it is."""
    source = ""
    if isinstance(statement, ast.ImportFrom):
        source = "." * statement.level + (statement.module or "")
    for alias in statement.names:
        bound = alias.asname or (alias.name if source else alias.name.partition(".")[0])
        yield bound, f"{bound} = {source} {alias.name}"


def _names_of(statement: ast.stmt) -> Iterator[str]:
    """What a part is called; our own names are told by their values."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield f"{statement.name}()"
    elif isinstance(statement, ast.ClassDef):
        yield statement.name
    else:
        assigned = [name for name, _ in _assigned(statement)]
        yield from (name for name in assigned if name not in _NAMES)
        if not assigned:
            yield "statements"


def _is_downgrade(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef) and bool(_DOWNGRADE.match(statement.name))


def _names_used(statements: Iterable[ast.stmt]) -> set[str]:
    nodes = (node for statement in statements for node in ast.walk(statement))
    return {node.id for node in nodes if isinstance(node, ast.Name)}


class _Bare(ast.NodeTransformer):
    """Takes away what has no meaning: docstrings and annotations."""

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_docstring(node)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self._without_docstring(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_docstring(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return ast.Assign(targets=[node.target], value=node.value, lineno=node.lineno)

    def _without_docstring(self, node: Any) -> ast.AST:
        node.body = _without_docstring(node.body) or [ast.Pass()]
        return self.generic_visit(node)


def _without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    return [one for one in body if not _is_constant(one)]


def _is_constant(statement: ast.stmt) -> bool:
    """A docstring, a text that serves for a comment, an ellipsis."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _lines_of_functions(module: ast.Module) -> dict[str, int]:
    return {f"{one.name}()": one.lineno for one in module.body if isinstance(one, ast.FunctionDef)}


def _undoes(module: ast.Module) -> Undoes:
    """Look at ``downgrade()``, and with several databases at what it calls for each."""
    functions = [one for one in module.body if isinstance(one, ast.FunctionDef)]
    several = {one.name: _body(one) for one in functions if _DOWNGRADE.match(one.name)}
    own = several.pop("downgrade", None)
    if own is None or not own:
        return Undoes(is_empty=True)
    if any(isinstance(one, ast.Raise) for one in own):
        return Undoes(refuses=True)
    return Undoes(is_empty=bool(several) and not any(several.values()))


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    return [one for one in _without_docstring(function.body) if not isinstance(one, ast.Pass)]
