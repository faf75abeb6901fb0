"""Finds the revisions that a wrong name on the command line may stand for."""

from __future__ import annotations

from alembic.script import ScriptDirectory

from driftcheck.suggestions import with_suggestion

REVISIONS_HINT = "driftcheck history lists all revisions."


def revision_hint(script: ScriptDirectory, name: str) -> str:
    """Return the hint for a name that no revision has: similar names, and where to look.

    Args:
        script: The script directory, with its revisions loaded.
        name: The name. It may be the beginning of an identifier, or a branch label.
    """
    known: dict[str, str] = {"head": "head", "heads": "heads", "base": "base"}
    for revision in script.walk_revisions():
        for each in (revision.revision, *revision.branch_labels):
            known |= {each[: len(name)]: each, each: each}
    return with_suggestion(name, known, REVISIONS_HINT)
