"""The migration that ``migrate`` would write now: a real file, in a directory of its own."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alembic.autogenerate.api import RevisionContext
from alembic.script import ScriptDirectory

from driftcheck.project.containment import contained
from driftcheck.project.loading import Project
from driftcheck.project.redirect import Redirect, ShadowSet
from driftcheck.sources.autogenerate import flatten_operations

MESSAGE = "what migrate would write now"
_REVISION = "unwritten"


@dataclass(frozen=True)
class Generated:
    """A migration that was generated.

    Attributes:
        revision: Its identifier, which the script directory knows from now on.
        file: Where it is.
        shown: What it is called where it is told of.
    """

    revision: str
    file: Path
    shown: str


def generate(
    project: Project, redirect: Redirect, shadow_set: ShadowSet, directory: Path
) -> Generated | None:
    """Run the project's autogenerate as its ``migrate`` does, and write what it finds.

    The project's template, naming, hooks and ``process_revision_directives`` have their say; only
    the place is another. The history ends in the new migration from then on.

    Args:
        project: The project.
        redirect: The redirection.
        shadow_set: The shadows that stand for the live databases, at the history's head.
        directory: Where the file is written.

    Returns:
        Nothing where ``migrate`` would find nothing to write.

    Raises:
        ProjectError: The project's own code failed over it.
    """
    template_arguments: dict[str, Any] = {}
    contexts: list[RevisionContext] = []

    def work(heads: Any, context: Any) -> tuple[()]:
        if not contexts:
            contexts.append(_revision_context(context, directory, template_arguments))
        contexts[0].run_autogenerate(heads, context)
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
            contained("writing the migration", root=project.root, command=project.upgrade_command),
            project.application_context(),
        ):
            for script in revisions.generated_revisions:
                script.version_path = str(directory)  # whatever a directive says
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
    """The script directory with one place more. It shares its revisions with the other."""
    places: list[Any] = [*script._version_locations]  # noqa: SLF001  (public only with a side effect)
    other = copy.copy(script)
    # Older versions of Alembic hold them as texts.
    location = directory if isinstance(places[0], Path) else str(directory)
    vars(other)["_version_locations"] = [*places, location]
    return other


def _has_operations(script: Any) -> bool:
    return any(True for upgrade in script.upgrade_ops_list for _ in flatten_operations(upgrade.ops))
