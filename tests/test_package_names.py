"""A package defines nothing with the name of one of its modules.

The import of a module sets an attribute of its package. So ``driftcheck.cli.main`` was a function
until the module of that name was imported, and ``python -m driftcheck`` failed after that.
"""

import ast
from pathlib import Path

import driftcheck

ROOT = Path(driftcheck.__file__).parent


def test_no_definition_of_a_package_has_the_name_of_a_module():
    files = list(ROOT.rglob("__init__.py"))
    assert ROOT / "cli" / "__init__.py" in files
    for file in files:
        body = ast.parse(file.read_text(encoding="utf-8")).body
        defined = {n.name for n in body if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
        assert defined.isdisjoint(path.stem for path in file.parent.iterdir()), file
