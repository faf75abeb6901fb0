"""Writes the migration that ``migrate`` would write now, into a temporary directory."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.autogenerate.api import RevisionContext
from alembic.script import ScriptDirectory

from driftcheck.project.containment import contained
from driftcheck.project.project import Project
from driftcheck.project.redirect import Redirect
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.sources.autogenerate import flatten_operations, remove_operations_on_roles

MESSAGE = "what migrate would write now"
_REVISION = "unwritten"


@dataclass(frozen=True)
class Generated:
    """A generated migration.

    Attributes:
        revision: Its identifier. The script directory has this revision from now on.
        file: Its file.
        shown: The path of the file in reports.
    """

    revision: str
    file: Path
    shown: str


def generate(
    project: Project, redirect: Redirect, shadow_set: ShadowSet, directory: Path
) -> Generated | None:
    """Run the project's autogenerate as its ``migrate`` does, and write the migration.

    The project's template, file names, hooks and ``process_revision_directives`` are used; only the
    directory is another. The new migration is the head of the history from now on.

    Args:
        project: The project.
        redirect: Redirects the connections of the project's code.
        shadow_set: The shadows that replace the live databases, at the head of the history.
        directory: The directory for the file.

    Returns:
        ``None`` if ``migrate`` would find no operations.

    Raises:
        ProjectError: The project's own code failed.
    """
    template_arguments: dict[str, Any] = {}
    contexts: list[RevisionContext] = []

    def work(heads: Any, context: Any) -> tuple[()]:
        if not contexts:
            contexts.append(_revision_context(context, directory, template_arguments))
        contexts[0].run_autogenerate(heads, context)
        roles = {shadow.role for shadow in shadow_set.shadows.values()} - {""}
        for script in contexts[0].generated_revisions:
            remove_operations_on_roles(script, roles, context)
        return ()

    with redirect.to(shadow_set):
        project.run_environment(
            work,
            "running autogenerate",
            command_options={"autogenerate": True},
            template_args=template_arguments,
        )
        (revisions,) = contexts
        if not any(map(_has_operations, revisions.generated_revisions)):
            return None
        with (
            contained("writing the migration", root=project.root, command=project.assumed_command),
            project.application_context(),
        ):
            for script in revisions.generated_revisions:
                script.version_path = str(directory)  # a directive may have set another
            (*_, last) = [script for script in revisions.generate_scripts() if script is not None]
    file = Path(last.path)
    return Generated(last.revision, file, str(file.resolve().relative_to(directory.resolve())))


def _revision_context(
    context: Any, directory: Path, template_arguments: dict[str, Any]
) -> RevisionContext:
    command = {
        "message": MESSAGE,
        "autogenerate": True,
        "sql": False,
        "head": "head",
        "splice": False,
        "branch_label": None,
        "version_path": str(directory),
        "rev_id": _REVISION,
        "depends_on": None,
    }
    config = context.environment_context.config
    revisions = RevisionContext(config, _writing_to(directory, context.script), command)
    template_arguments.update(revisions.template_args)
    revisions.template_args = template_arguments
    return revisions


def _writing_to(directory: Path, script: ScriptDirectory) -> ScriptDirectory:
    """Return the script directory with one more version location, and the same revisions."""
    locations: list[Any] = [*script._version_locations]  # noqa: SLF001  (public only with a side effect)
    other = copy.copy(script)
    # Older versions of Alembic have strings here.
    location = directory if isinstance(locations[0], Path) else str(directory)
    vars(other)["_version_locations"] = [*locations, location]
    return other


def _has_operations(script: Any) -> bool:
    return any(True for upgrade in script.upgrade_ops_list for _ in flatten_operations(upgrade.ops))
