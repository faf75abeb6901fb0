"""Finds the line that guards a project's migrations, and how a project is guarded already."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.autogenerate.api import AutogenContext

from driftcheck.actions.guard.edits import CannotEdit, SourceEdit, calls, local_names
from driftcheck.config.settings import Settings
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress
from driftcheck.project.project import FlaskProject

PLUGIN = "driftcheck.guard"
_PLUGINS = f'["alembic.autogenerate.*", "{PLUGIN}"]'
_WRAP = f"{PLUGIN}.wrap"
_HOOK = "process_revision_directives"


@dataclass(frozen=True)
class GuardState:
    """How the migrations of a project are guarded.

    Attributes:
        environment: The path of env.py, as it is shown.
        ways: For each database, ``plugin``, ``hook`` or nothing, as env.py configures it.
    """

    environment: str
    ways: tuple[str, ...]

    @property
    def is_guarded(self) -> bool:
        """Whether the migrations of every database are guarded."""
        return all(self.ways)


@dataclass(frozen=True)
class FileChange:
    """A file of the project that is changed.

    Attributes:
        path: The file.
        before: Its text.
        after: Its text with the guard.
    """

    path: Path
    before: str
    after: str


@dataclass(frozen=True)
class Installation:
    """What guards the migrations of a project.

    Attributes:
        state: How they are guarded now.
        changes: The files to change; empty if they are guarded, or if the place was not found.
        by_hand: What to write by hand if the place was not found.
    """

    state: GuardState
    changes: tuple[FileChange, ...] = ()
    by_hand: str = ""


def installation(settings: Settings, progress: Progress = lambda _: None) -> Installation:
    """Find out how a project is guarded, and what guards it.

    Args:
        settings: The settings.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The project cannot be loaded, or its env.py fails.
    """
    with open_project(settings, progress) as opened:
        return installation_in(opened)


def installation_in(opened: OpenedProject) -> Installation:
    """Find out how an opened project is guarded, and what guards it.

    Raises:
        ProjectError: Its env.py fails.
    """
    state = _state(opened)
    if state.is_guarded:
        return Installation(state)
    environment = Path(opened.loaded.script.env_py_location)
    is_flask = isinstance(opened.loaded.project, FlaskProject)
    try:
        if not _has_plugins():
            changes = [_changed(environment, _add_hook)]
        elif is_flask and _takes_arguments_of_app(environment):
            changes = [_changed(_file_of_app(opened.loaded.root), _add_plugin_to_app)]
        else:
            changes = [_changed(environment, _add_plugin)]
    except CannotEdit:
        return Installation(state, by_hand=_by_hand(is_flask=is_flask))
    return Installation(state, tuple(changes))


def _state(opened: OpenedProject) -> GuardState:
    """Run env.py, and look at what it configures for each database."""
    loaded, ways = opened.loaded, []

    def observe(_heads: Any, context: Any) -> tuple[()]:
        ways.append(_way(context))
        return ()

    with loaded.redirect.to(opened.shadows.imported):
        loaded.project.run_environment(observe, "running env.py", dont_mutate=True)
    return GuardState(loaded.environment_file(), tuple(ways))


def _way(context: Any) -> str:
    """Return how the migrations of a database are guarded."""
    if getattr(context.opts.get(_HOOK), "is_driftcheck_guard", False):
        return "hook"
    if not _has_plugins():
        return ""
    registry = AutogenContext(context).comparators._registry  # noqa: SLF001  (not public)
    functions = [function for entries in registry.values() for function, _ in entries]
    return "plugin" if any(each.__module__ == PLUGIN for each in functions) else ""


def _has_plugins() -> bool:
    """Whether the installed Alembic has plugins: version 1.18 and newer."""
    return "alembic.runtime.plugins" in sys.modules


def _changed(path: Path, edit: Any) -> FileChange:
    """Edit a file.

    Raises:
        CannotEdit: The place was not found.
    """
    try:
        source = path.read_bytes()
    except OSError:
        raise CannotEdit from None
    edited = SourceEdit(source)
    edit(edited)
    if not edited.is_changed:
        raise CannotEdit
    return FileChange(path, source.decode(), edited.result().decode())


def _add_plugin(edit: SourceEdit) -> None:
    """Enable the plugin in every ``context.configure()`` of an env.py."""
    for call in _configure_calls(edit.tree):
        _enable_plugin(edit, call)


def _add_plugin_to_app(edit: SourceEdit) -> None:
    """Enable the plugin in the ``Migrate()`` of a Flask app."""
    for call in calls(edit.tree, local_names(edit.tree, "flask_migrate", "Migrate")):
        _enable_plugin(edit, call)


def _enable_plugin(edit: SourceEdit, call: ast.Call) -> None:
    given = _keyword(call, "autogenerate_plugins")
    if given is None:
        edit.add_keyword(call, "autogenerate_plugins", _PLUGINS)
    elif not isinstance(given.value, ast.List) or not given.value.elts:
        raise CannotEdit
    elif not any(ast.unparse(each) == repr(PLUGIN) for each in given.value.elts):
        edit.add_element(given.value, f'"{PLUGIN}"')


def _add_hook(edit: SourceEdit) -> None:
    """Wrap the hook in every ``context.configure()`` of an env.py.

    In the env.py of Flask-Migrate, arguments from the app may have the hook.

    Raises:
        CannotEdit: A call has other such arguments. A second hook beside them would be an error.
    """
    assigned = [
        node
        for node in ast.walk(edit.tree)
        if isinstance(node, ast.Assign) and _is_hook_of_arguments(node.targets[0])
    ]
    for call in _configure_calls(edit.tree):
        given = _keyword(call, _HOOK)
        if given is not None:
            if not ast.unparse(given.value).startswith(f"{_WRAP}("):
                edit.wrap(given, _WRAP)
        elif not any(each.arg is None for each in call.keywords):
            edit.add_keyword(call, _HOOK, f"{_WRAP}()")
        elif not assigned:
            raise CannotEdit
    for node in assigned:
        edit.wrap(node, _WRAP)
    edit.add_import(PLUGIN)


def _is_hook_of_arguments(target: ast.expr) -> bool:
    """Whether an assignment is ``conf_args["process_revision_directives"] = …``."""
    return (
        isinstance(target, ast.Subscript)
        and isinstance(target.slice, ast.Constant)
        and target.slice.value == _HOOK
    )


def _takes_arguments_of_app(environment: Path) -> bool:
    """Whether env.py passes the arguments of ``Migrate()`` on to ``context.configure()``."""
    tree = SourceEdit(environment.read_bytes()).tree
    return any(each.arg is None for call in _configure_calls(tree) for each in call.keywords)


def _file_of_app(root: Path) -> Path:
    """Return the only file of a Flask app that calls ``Migrate()``.

    Raises:
        CannotEdit: There is no such file, or there are several.
    """
    found = [path for path in _own_files(root) if _calls_migrate(path)]
    if len(found) != 1:
        raise CannotEdit
    return found[0]


def _own_files(root: Path) -> Iterator[Path]:
    """Yield the files of the project that were imported."""
    for module in [*sys.modules.values()]:
        file = getattr(module, "__file__", None)
        if file and file.endswith(".py"):
            path = Path(file).resolve()
            if path.is_relative_to(root.resolve()) and "site-packages" not in path.parts:
                yield path


def _calls_migrate(path: Path) -> bool:
    try:
        tree = SourceEdit(path.read_bytes()).tree
    except (CannotEdit, OSError):
        return False
    return any(True for _ in calls(tree, local_names(tree, "flask_migrate", "Migrate")))


def _configure_calls(tree: ast.Module) -> list[ast.Call]:
    names = [f"{name}.configure" for name in local_names(tree, "alembic", "context")]
    return [*calls(tree, names)]


def _keyword(call: ast.Call, name: str) -> ast.keyword | None:
    return next((each for each in call.keywords if each.arg == name), None)


def _by_hand(*, is_flask: bool) -> str:
    """Return what to write by hand."""
    if not _has_plugins():
        return (
            "Write this into env.py, with the project's own hook as the argument of wrap if it has "
            f"one:\n\n  import {PLUGIN}\n\n  context.configure(…, {_HOOK}={_WRAP}())"
        )
    place = "Migrate(app, db, …" if is_flask else "context.configure(…"
    return f"Write this argument:\n\n  {place}, autogenerate_plugins={_PLUGINS})"
