"""Writes a revision with the project's own template, file names and hooks."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from textwrap import indent
from typing import Any

from alembic.autogenerate.api import RevisionContext
from alembic.operations import ops
from alembic.script import ScriptDirectory
from alembic.script.revision import RevisionMap
from alembic.util import rev_id

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.project.containment import contained
from driftcheck.project.environment import LoadedProject, loaded_revisions
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.sources.files import version_locations
from driftcheck.sources.operation import INDENT
from driftcheck.sources.operation_imports import template_imports

_USED_ALWAYS = frozenset(("from alembic import op", "import sqlalchemy as sa"))
"""The imports of nearly every template. They are added where a template lacks them."""


@dataclass(frozen=True)
class Bodies:
    """The bodies of the two functions of a migration, for one database.

    Attributes:
        upgrade: The body of ``upgrade()``.
        downgrade: The body of ``downgrade()``.
        imports: The imports that they need, besides ``op`` and ``sa``.
    """

    upgrade: str
    downgrade: str
    imports: tuple[str, ...] = ()


WriteBodies = Callable[[DatabaseKey, Any], "Bodies | None"]
"""Writes the bodies for a database, given its migration context; ``None`` without a change."""


@dataclass(frozen=True)
class Position:
    """Where a revision is put.

    Attributes:
        revision: Its identifier; ``process_revision_directives`` of the project may change it.
        message: Its message.
        head: The head that it follows.
    """

    revision: str
    message: str
    head: str

    @classmethod
    def on(cls, head: str, message: str) -> Position:
        """Return the position after a head, with a new identifier."""
        return cls(rev_id(), message, head)


@dataclass(frozen=True)
class RevisionFile:
    """A revision that was written to a temporary directory.

    Attributes:
        revision: Its identifier.
        file: The file.
        destination: Where the file belongs in the project.
    """

    revision: str
    file: Path
    destination: Path

    @property
    def text(self) -> str:
        """The text of the file."""
        return self.file.read_text(encoding="utf-8")


def write_revision(
    loaded: LoadedProject,
    shadow_set: ShadowSet,
    position: Position,
    write_bodies: WriteBodies,
    directory: Path,
) -> RevisionFile:
    """Write a revision to a temporary directory, as the project's ``revision`` would.

    Args:
        loaded: The project.
        shadow_set: The shadows that replace the live databases while env.py runs.
        position: Where the revision is put.
        write_bodies: Writes the bodies for each database.
        directory: The temporary directory.

    Raises:
        ProjectError: The project's own code failed.
    """
    contexts: list[RevisionContext] = []
    arguments: dict[str, Any] = {}
    imports: set[str] = set()
    scripts: list[ScriptDirectory] = []

    def work(heads: Any, context: Any) -> tuple[()]:
        if not contexts:
            scripts.append(_writing_to(directory, context.script))
            config = context.environment_context.config
            contexts.append(_context(config, scripts[0], position, directory, arguments))
        own = write_bodies(database_key_of(loaded.redirect.target_of(context.connection)), context)
        if own is not None:
            arguments[context.opts["upgrade_token"]] = _indented(own.upgrade)
            arguments[context.opts["downgrade_token"]] = _indented(own.downgrade)
            imports.update(own.imports)
        contexts[0].run_no_autogenerate(heads, context)
        return ()

    with loaded.redirect.to(shadow_set):
        loaded.project.run_environment(work, "writing the migration", template_args=arguments)
        (revisions,), (script,) = contexts, scripts
        of_template = template_imports(Path(script.dir, "script.py.mako"))
        needed = {*imports, *_USED_ALWAYS} - {*of_template}
        arguments["imports"] = "\n".join(sorted(needed))
        with (
            contained("writing the migration", root=loaded.root),
            loaded.project.application_context(),
        ):
            written = _written(revisions, directory)
    file = Path(written.path)
    destination = _destination(loaded.script, position)
    return RevisionFile(
        written.revision, file, destination / file.resolve().relative_to(directory.resolve())
    )


def _context(
    config: Any,
    script: ScriptDirectory,
    position: Position,
    directory: Path,
    arguments: dict[str, Any],
) -> RevisionContext:
    command = {
        "message": position.message,
        "autogenerate": False,
        "sql": False,
        "head": position.head,
        "splice": False,
        "branch_label": None,
        "version_path": str(directory),
        "rev_id": position.revision,
        "depends_on": None,
    }
    context = RevisionContext(config, script, command)
    # A hook may discard a revision without operations.
    context.generated_revisions[0].upgrade_ops_list[0].ops.append(ops.ExecuteSQLOp(""))
    arguments.update(context.template_args)
    context.template_args = arguments
    return context


def _written(revisions: RevisionContext, directory: Path) -> Any:
    """Write the revision, with the bodies in place of what Alembic would render."""
    script = revisions.generated_revisions[0]
    script.version_path = str(directory)  # a hook may have set another
    script._needs_render = False  # noqa: SLF001  (as for a revision without autogenerate)
    del revisions.generated_revisions[1:]
    (written,) = revisions.generate_scripts()
    return written


def _destination(script: ScriptDirectory, position: Position) -> Path:
    """Return the directory to which the project's ``revision`` would write the file.

    Source: ``ScriptDirectory.generate_revision``: a revision is written next to its parent if
    there are several version locations.
    """
    locations = version_locations(script)
    if len(locations) == 1:
        return locations[0]
    (parent,) = script.get_revisions(position.head)
    return Path(parent.path).parent


def _writing_to(directory: Path, script: ScriptDirectory) -> ScriptDirectory:
    """Return the script directory with one more version location, and revisions of its own.

    The revision that is written is not to be a revision of the project yet.
    """
    other = copy.copy(script)
    # Older versions of Alembic know one location only, unless version_locations names several.
    locations = [*version_locations(script), directory]
    other.version_locations = [str(each) for each in locations]
    vars(other).pop("_version_locations", None)  # a cached property of Alembic
    other.revision_map = RevisionMap(partial(loaded_revisions, script))
    return other


def _indented(body: str) -> str:
    """Return a body as templates expect it: they write the indentation of the first line."""
    return indent(body, INDENT).strip() or "pass"
