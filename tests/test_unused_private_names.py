"""A private name of a module that the module does not use is dead code.

Ruff and mypy do not report an unused private function. This is how the remedies of hazards came
to be printed with unfilled placeholders: the function that filled them was not called.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import driftcheck

PACKAGE = Path(driftcheck.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))


def is_private(name: str) -> bool:
    """Whether a name is private. Names such as ``_fields_`` belong to a library's protocol."""
    return name.startswith("_") and not name.startswith("__") and not name.endswith("_")


def private_names(body: list[ast.stmt]) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the private names that a module or a class defines, with their definitions."""
    for node in body:
        yield from ((name, node) for name in names_of(node) if is_private(name))


def names_of(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def uses(tree: ast.AST) -> Counter[str]:
    """Count the uses of names: as a variable, as an attribute, or in a quoted annotation."""
    names: Counter[str] = Counter()
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()) | ast.Attribute(attr=name, ctx=ast.Load()):
                names[name] += 1
            case ast.Constant(value=str(text)) if text.isidentifier():
                names[text] += 1
    return names


class Module:
    """What is known of a module. Its tree is not kept: the trees of all modules are large."""

    def __init__(self, source: str) -> None:
        tree = ast.parse(source)
        self.uses = uses(tree)
        self.of_module = definitions(tree.body)
        classes = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
        self.of_classes = [one for node in classes for one in definitions(node.body)]


def definitions(body: list[ast.stmt]) -> list[tuple[str, int]]:
    """Return the private names that a module or a class defines, with their uses in themselves."""
    return [(name, uses(definition)[name]) for name, definition in private_names(body)]


def unused(sources: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the unused private names by module.

    The use of a name within its own definition does not count. A name of a module has to be used
    in that module. A name of a class may also be used in another one, where a base class calls it.
    """
    modules = {module: Module(source) for module, source in sources.items()}
    anywhere: Counter[str] = Counter()
    for found in modules.values():
        anywhere.update(found.uses)
    return [
        (module, name)
        for module, found in modules.items()
        for defined, counts in ((found.of_module, found.uses), (found.of_classes, anywhere))
        for name, own_uses in defined
        if counts[name] <= own_uses
    ]


def test_every_private_name_is_used():
    assert (
        unused({str(m.relative_to(PACKAGE)): m.read_text(encoding="utf-8") for m in MODULES}) == []
    )


def test_unused_names_are_recognized():
    source = """
def _used(): return _VALUE
def _recursive(): return _recursive()
_VALUE = _used()
_TABLE: dict = {}
class Colour:
    _names = ()
    def _method(self): return self._helper()
    def _helper(self): return 1
    def _hook(self): return 1
"""
    other = "def base(colour): return colour._hook(), colour._TABLE"
    found = [name for _, name in unused({"colours": source, "base": other})]
    assert sorted(found) == ["_TABLE", "_method", "_names", "_recursive"]
