"""Where in a history a database may stand that nobody touched."""

from __future__ import annotations

from collections.abc import Iterable

from alembic.script import ScriptDirectory
from alembic.util import CommandError

from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.histories import read_base_snapshot
from driftcheck.pipeline.session import Session

Revisions = tuple[str, ...]
"""Where a database stands; no revision is the beginning."""


class StartPoints:
    """The places of one project's history.

    Args:
        session: The session; env.py has been run in it.
    """

    def __init__(self, session: Session) -> None:
        self._settings = session.settings
        self._project = session.project

    def asked(self, at: str | None, *, since: str | None) -> list[Revisions]:
        """The place that is asked for or, where none is named, every one since a revision.

        Args:
            at: A revision, as Alembic takes one.
            since: The first revision; ``None`` for the beginning.

        Raises:
            ConfigurationError: The history has no such revision.
        """
        try:
            places = [self._named(at)] if at else self._since(since)
        except CommandError as error:
            raise ConfigurationError(
                f"the history has no such place: {error}",
                hint="Name a revision of the branch, such as alembic history lists.",
            ) from None
        begun = self.ancestry(self._begins_at())
        return [place for place in places if begun <= self.ancestry(place)]

    def ancestry(self, revisions: Iterable[str]) -> frozenset[str]:
        """Revisions with all that come before them."""
        several = [self._script.get_revision(one) for one in revisions]
        nodes = self._script.revision_map._get_ancestor_nodes(several)  # noqa: SLF001
        return frozenset(node.revision for node in nodes)

    def before(self, revision: str) -> Revisions:
        """The place from which a revision is run."""
        return tuple(self._script.get_revision(revision)._versioned_down_revisions)  # noqa: SLF001

    @property
    def _script(self) -> ScriptDirectory:
        return self._project.script_directory()

    def _named(self, at: str) -> Revisions:
        return tuple(one.revision for one in self._script.get_revisions(at))

    def _since(self, since: str | None) -> list[Revisions]:
        walked = [*self._script.walk_revisions(since or "base", "heads")]
        beginning: list[Revisions] = [()] if since is None else []
        return [*beginning, *((one.revision,) for one in reversed(walked))]

    def _begins_at(self) -> Revisions:
        """The revisions at which the history is taken up, where that is not its beginning."""
        bootstrap, base = self._settings.bootstrap, self._settings.base_snapshot
        if bootstrap is not None:
            return (bootstrap.revision,) if bootstrap.revision else ()
        return read_base_snapshot(base).revisions if base is not None else ()
