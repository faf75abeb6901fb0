"""Finds the order in which the revisions of a history run, without running them."""

from __future__ import annotations

from collections.abc import Sequence

from alembic.script import ScriptDirectory


def upgrade_order(script: ScriptDirectory, stops: Sequence[Sequence[str]]) -> list[str] | None:
    """Return the revisions of a replay from an empty database, in the order in which they run.

    Args:
        script: The script directory.
        stops: The revisions to which the replay upgrades, one stop after another.

    Returns:
        ``None`` if a stop has several revisions.
    """
    order: list[str] = []
    heads: tuple[str, ...] = ()
    for stop in filter(None, map(tuple, stops)):
        if len(stop) > 1:
            return None
        if stop != heads:
            steps = script._upgrade_revs(stop[0], heads)  # type: ignore[arg-type]  # noqa: SLF001
            order += [step.revision.revision for step in steps]
        heads = stop
    return order
