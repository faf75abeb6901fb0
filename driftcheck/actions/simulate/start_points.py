"""The revisions at which a database may be that only the migrations have changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.config.settings import Settings
from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.building.base_snapshot import read_base_snapshot
from driftcheck.pipeline.revision_lookup import revision_hint

Revisions = tuple[str, ...]
"""The revisions of a database; empty before the first revision."""


class StartPoints:
    """The start points of simulations in a history.

    Args:
        script: The script directory, with its revisions loaded.
        settings: The settings; they say where the history begins.
    """

    def __init__(self, script: ScriptDirectory, settings: Settings) -> None:
        self._script = script
        self._settings = settings

    def requested(self, at: str | None, *, since: str | None) -> list[Revisions]:
        """Return the requested start point; if none is named, all since a revision.

        Args:
            at: A revision in any form that Alembic accepts.
            since: The first revision; ``None`` for an empty database.

        Raises:
            ConfigurationError: The history has no such revision.
        """
        try:
            points = [self._named(at)] if at else self._since(since)
        except CommandError as error:
            raise ConfigurationError(
                f"the history has no such revision: {error}",
                hint=revision_hint(self._script, at or since or ""),
            ) from None
        first = self.ancestry(self._beginning())
        return [point for point in points if first <= self.ancestry(point)]

    def chains(self, points: Sequence[Revisions]) -> list[list[int]]:
        """Divide start points into chains that one replay each can pass.

        On a chain, the ancestors of each start point include those of the previous one. A start
        point on one branch is never passed after the revisions of another branch.

        Args:
            points: The start points, in the order of the history.

        Returns:
            For each chain, the numbers of its start points in ``points``.
        """
        chains: list[tuple[frozenset[str], list[int]]] = []
        for number, point in enumerate(points):
            ancestry = self.ancestry(point)
            for index, (passed, numbers) in enumerate(chains):
                if passed <= ancestry:
                    chains[index] = ancestry, [*numbers, number]
                    break
            else:
                chains.append((ancestry, [number]))
        return [numbers for _, numbers in chains]

    def ancestry(self, revisions: Iterable[str]) -> frozenset[str]:
        """Return revisions with all their ancestors."""
        scripts = [self._script.get_revision(revision) for revision in revisions]
        nodes = self._script.revision_map._get_ancestor_nodes(scripts)  # noqa: SLF001
        return frozenset(node.revision for node in nodes)

    def before(self, revision: str) -> Revisions:
        """Return the revisions from which a revision is run."""
        return tuple(self._script.get_revision(revision)._versioned_down_revisions)  # noqa: SLF001

    def _named(self, at: str) -> Revisions:
        return tuple(script.revision for script in self._script.get_revisions(at))

    def _since(self, since: str | None) -> list[Revisions]:
        scripts = [*self._script.walk_revisions(since or "base", "heads")]
        beginning: list[Revisions] = [()] if since is None else []
        return [*beginning, *((script.revision,) for script in reversed(scripts))]

    def _beginning(self) -> Revisions:
        """Return the revisions of the bootstrap or of the base snapshot."""
        bootstrap, base = self._settings.bootstrap, self._settings.base_snapshot
        if bootstrap is not None:
            return (bootstrap.revision,) if bootstrap.revision else ()
        return read_base_snapshot(base).revisions if base is not None else ()
