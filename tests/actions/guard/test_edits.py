"""Edits of Python source leave the rest of a file byte for byte, or are refused."""

import ast
import difflib
from pathlib import Path

import alembic
import flask_migrate
import pytest

from driftcheck.actions.guard import installation
from driftcheck.actions.guard.edits import CannotEdit, SourceEdit, calls

KEY = 'key=["a", "b"]'


def with_keyword(source):
    edit = SourceEdit(source.encode())
    for call in calls(edit.tree, ["f"]):
        edit.add_keyword(call, "key", '["a", "b"]')
    return edit.result().decode()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("f()\n", f"f({KEY})\n"),
        ("f(a)\n", f"f(a, {KEY})\n"),
        ("f(a, b=1,)\n", f"f(a, b=1, {KEY})\n"),
        ("f(a, **more)\n", f"f(a, **more, {KEY})\n"),
        ("f(\n    a, b=1\n)\n", f"f(\n    a, b=1,\n    {KEY},\n)\n"),
        (
            "f(\n    a,\n    b=1,  # why, and how\n)\n",
            f"f(\n    a,\n    b=1,  # why, and how\n    {KEY},\n)\n",
        ),
        ("f(\n    a,\n    b=1  # why\n)\n", f"f(\n    a,\n    b=1,  # why\n    {KEY},\n)\n"),
        ("f(a,\r\n  b=1\r\n)\r\n", f"f(a,\r\n  b=1,\r\n  {KEY},\r\n)\r\n"),
        ("x = 'é'; f('ü')\n", f"x = 'é'; f('ü', {KEY})\n"),
        ("if x:\n\tf(\n\t\ta,\n\t)\n", f"if x:\n\tf(\n\t\ta,\n\t\t{KEY},\n\t)\n"),
        ("f(g(f(1)))", f"f(g(f(1, {KEY})), {KEY})"),
        ("f('a(' # )\n , b)", f"f('a(' # )\n , b, {KEY})"),
    ],
)
def test_an_argument_is_added_in_the_style_of_the_call(before, after):
    assert with_keyword(before) == after


@pytest.mark.parametrize("source", ["f(a\n  , )\n", "f(x for x in y)\n"])
def test_what_cannot_be_changed_safely_is_refused(source):
    with pytest.raises(CannotEdit):
        with_keyword(source)


@pytest.mark.parametrize("source", [b"f(", b"x = '\xff'\n", b"\x00"])
def test_what_is_not_python_is_refused(source):
    with pytest.raises(CannotEdit):
        SourceEdit(source)


ALEMBIC = sorted(Path(alembic.__file__).parent.glob("templates/*/env.py"))
FLASK = sorted(Path(flask_migrate.__file__).parent.glob("templates/*/env.py"))
NAMED = {f"{path.parts[-4]}-{path.parts[-2]}": path for path in (*ALEMBIC, *FLASK)}


def added(path, edit):
    """The lines of a file after an edit that are not in the file before, without indentation."""
    change = installation._changed(path, edit)
    ast.parse(change.after)
    lines = difflib.ndiff(change.before.splitlines(), change.after.splitlines())
    return [line[2:].strip() for line in lines if line[0] == "+"]


@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith("alembic")])
def test_every_call_in_the_templates_of_alembic_is_changed(name):
    argument = 'autogenerate_plugins=["alembic.autogenerate.*", "driftcheck.guard"]'
    source = NAMED[name].read_text()
    plugins = added(NAMED[name], installation._add_plugin)
    assert sum(argument in line for line in plugins) == source.count("context.configure(")
    hooks = added(NAMED[name], installation._add_hook)
    wrapped = sum("process_revision_directives=driftcheck.guard.wrap()" in line for line in hooks)
    assert wrapped == source.count("context.configure(")
    assert hooks.count("import driftcheck.guard") == 1


@pytest.mark.parametrize("name", [name for name in NAMED if name.startswith("flask")])
def test_the_hook_in_the_templates_of_flask_migrate_is_wrapped(name):
    hooks = added(NAMED[name], installation._add_hook)
    assert any("driftcheck.guard.wrap(process_revision_directives)" in line for line in hooks)


def test_what_is_guarded_is_not_changed_again():
    guarded = (
        "from alembic import context\nimport driftcheck.guard\n"
        "context.configure(autogenerate_plugins=['driftcheck.guard'],\n"
        "    process_revision_directives=driftcheck.guard.wrap(own))\n"
    )
    for change in (installation._add_plugin, installation._add_hook):
        edit = SourceEdit(guarded.encode())
        change(edit)
        assert not edit.is_changed


def test_own_plugins_and_hooks_stay():
    source = (
        "from alembic import context as c\n"
        "c.configure(autogenerate_plugins=['alembic.autogenerate.*', 'own'],\n"
        "    process_revision_directives=own)\n"
    )
    edit = SourceEdit(source.encode())
    installation._add_plugin(edit)
    installation._add_hook(edit)
    assert edit.result().decode() == source.replace(
        "'own']", "'own', \"driftcheck.guard\"]"
    ).replace("=own)", "=driftcheck.guard.wrap(own))").replace(
        "as c\n", "as c\nimport driftcheck.guard\n"
    )


def test_arguments_that_may_have_a_hook_are_left_to_the_user():
    source = "from alembic import context\ncontext.configure(url=url, **options)\n"
    with pytest.raises(CannotEdit):
        installation._add_hook(SourceEdit(source.encode()))
