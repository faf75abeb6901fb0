"""Parses revision files without running them.

Comments, docstrings, annotations and formatting do not count as differences between two versions.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import PurePosixPath
from typing import Any

from alembic.script import Script

_NAMES = ("revision", "down_revision", "branch_labels", "depends_on")
_IS_REVISION_FILE = re.compile(r"(?!\.#|__init__).*\.py\Z")  # the same pattern as in Alembic
_NAMED_BY_FILE = re.compile(r"([a-f0-9]+)\.py\Z")  # file names of Alembic 0.1
_DOWNGRADE = re.compile(r"downgrade(_\w*)?\Z")


class UnreadableError(ValueError):
    """A revision file whose identifiers are not literals."""


@dataclass(frozen=True)
class RevisionFile:
    """A revision file.

    Attributes:
        path: The path of the file, from the root of the repository.
        revision: The identifier of the revision.
        down_revisions: The identifiers of its parents; several for a merge revision.
        depends_on: The identifiers of its dependencies.
        labels: The labels of the branch that starts here.
        content: The content of the file.
        lines: The first line of each part.
        downgrade: What ``downgrade()`` does.
        is_parsed: Whether its parts are compared; otherwise, its content as a whole.
    """

    path: str
    revision: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    labels: tuple[str, ...]
    content: bytes
    lines: Mapping[str, int]
    downgrade: Downgrade
    is_parsed: bool = True

    @cached_property
    def parts(self) -> Mapping[str, str]:
        """The normalized source of each part of the file. Equal strings mean equal parts."""
        own = {
            "revision": (self.revision,),
            "down_revision": self.down_revisions,
            "branch_labels": self.labels,
            "depends_on": self.depends_on,
        }
        parts = {name: repr(value) for name, value in own.items()}
        if not self.is_parsed:
            return parts | {"the file": repr(self.content)}
        return parts | _normalized_parts(ast.parse(self.content))

    def line_of(self, *parts: str) -> int:
        """The line of the first of the given parts that the file has; else the first line."""
        return next((self.lines[part] for part in parts if part in self.lines), 1)

    def changed_since(self, other: RevisionFile) -> tuple[str, ...]:
        """The parts that differ from another version of the file."""
        if self.content == other.content:  # normalizing takes far longer than comparing
            return ()
        names = dict.fromkeys((*self.parts, *other.parts))
        return tuple(name for name in names if self.parts.get(name) != other.parts.get(name))


@dataclass(frozen=True, slots=True)
class Downgrade:
    """What ``downgrade()`` does, as far as the source shows it.

    Attributes:
        is_empty: Whether it is missing or does nothing.
        always_raises: Whether it always raises an exception.
    """

    is_empty: bool = False
    always_raises: bool = False


def is_revision_file(path: str) -> bool:
    """Whether Alembic loads a file as a revision."""
    return _IS_REVISION_FILE.match(_name(path)) is not None


def _name(path: str) -> str:
    return PurePosixPath(path).name


@cache  # most files are the same on all sides of a merge
def read_revision(path: str, content: bytes) -> RevisionFile:
    """Parse a revision file.

    Args:
        path: The path of the file, from the root of the repository.
        content: The content of the file.

    Raises:
        UnreadableError: The file is not valid Python, or its identifiers are computed.
    """
    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise UnreadableError(f"the file cannot be parsed: {error}") from None
    values, lines = _literals(module)
    if "revision" not in values and (legacy := _NAMED_BY_FILE.match(_name(path))):
        values["revision"] = legacy[1]
    if not isinstance(values.get("revision"), str):
        raise UnreadableError("the file does not assign a string to revision")
    own = {name: _identifiers(values.get(name)) for name in _NAMES}
    return RevisionFile(
        path=path,
        revision=values["revision"],
        down_revisions=own["down_revision"],
        depends_on=own["depends_on"],
        labels=own["branch_labels"],
        content=content,
        lines=_lines_of_functions(module) | lines,
        downgrade=_downgrade(module),
    )


def from_loaded(path: str, content: bytes, script: Script) -> RevisionFile:
    """A revision file with computed identifiers, from the script that Alembic loaded.

    Its content is compared as a whole.
    """
    return RevisionFile(
        path=path,
        revision=script.revision,
        down_revisions=_identifiers(script.down_revision),
        depends_on=_identifiers(script.dependencies),
        labels=_identifiers(getattr(script.module, "branch_labels", None)),
        content=content,
        lines={},
        downgrade=Downgrade(is_empty=not hasattr(script.module, "downgrade")),
        is_parsed=False,
    )


def _literals(module: ast.Module) -> tuple[dict[str, Any], dict[str, int]]:
    """The literals that a module assigns to names, and the lines of the four identifiers."""
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
                    raise UnreadableError(f"{name} is computed") from None
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
            yield from ((name.id, item) for name, item in pairs if isinstance(name, ast.Name))


def _value(expression: ast.expr, known: Mapping[str, Any]) -> Any:
    if isinstance(expression, ast.Name) and expression.id in known:
        return known[expression.id]
    return ast.literal_eval(expression)


def _identifiers(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    names = (value,) if isinstance(value, str) else value
    if not isinstance(names, (tuple, list, set)) or not all(isinstance(n, str) for n in names):
        raise UnreadableError("an identifier is not a string")
    return tuple(sorted(names))


def _normalized_parts(module: ast.Module) -> dict[str, str]:
    """The syntax of each part of a module, without comments, layout, docstrings and annotations.

    An import counts as a part of what uses it: as ``imports``, or as ``downgrade()`` if only the
    downgrade uses it. An unused import does not count.
    """
    stripped = _Stripper().visit(module)
    downgrades = [statement for statement in stripped.body if _is_downgrade(statement)]
    used = _names_used(statement for statement in stripped.body if statement not in downgrades)
    used_in_downgrade = _names_used(downgrades)
    parts: dict[str, list[str]] = defaultdict(list)
    for statement in stripped.body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for bound, source in _imported(statement):
                if bound in used or bound == "*":
                    parts["imports"].append(source)
                elif bound in used_in_downgrade:
                    parts["downgrade()"].append(source)
        else:
            for name in _part_names(statement):
                parts[name].append(ast.dump(statement, annotate_fields=False))
    return {name: "\n".join(sorted(sources)) for name, sources in parts.items()}


def _imported(statement: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str]]:
    """Each name that an import binds, with its source."""
    source = ""
    if isinstance(statement, ast.ImportFrom):
        source = "." * statement.level + (statement.module or "")
    for alias in statement.names:
        bound = alias.asname or (alias.name if source else alias.name.partition(".")[0])
        yield bound, f"{bound} = {source} {alias.name}"


def _part_names(statement: ast.stmt) -> Iterator[str]:
    """The names of the parts that a statement belongs to.

    The four identifiers are left out: they are compared by value.
    """
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


class _Stripper(ast.NodeTransformer):
    """Removes docstrings and annotations."""

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
    return [statement for statement in body if not _is_constant(statement)]


def _is_constant(statement: ast.stmt) -> bool:
    """Whether a statement is a docstring, a string used as a comment, or an ellipsis."""
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _lines_of_functions(module: ast.Module) -> dict[str, int]:
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    return {f"{function.name}()": function.lineno for function in functions}


def _downgrade(module: ast.Module) -> Downgrade:
    """Inspect ``downgrade()``; with several databases, also its functions ``downgrade_NAME()``."""
    functions = [node for node in module.body if isinstance(node, ast.FunctionDef)]
    bodies = {node.name: _body(node) for node in functions if _DOWNGRADE.match(node.name)}
    own = bodies.pop("downgrade", None)
    if not own:
        return Downgrade(is_empty=True)
    if any(isinstance(statement, ast.Raise) for statement in own):
        return Downgrade(always_raises=True)
    return Downgrade(is_empty=bool(bodies) and not any(bodies.values()))


def _body(function: ast.FunctionDef) -> list[ast.stmt]:
    statements = _without_docstring(function.body)
    return [statement for statement in statements if not isinstance(statement, ast.Pass)]
