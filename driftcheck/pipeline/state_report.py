"""Makes the report of a database from its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy.engine import URL

from driftcheck.chain import Gap, Side
from driftcheck.databases.location import database_key_of, shown
from driftcheck.judging.findings import Finding
from driftcheck.judging.report import Coverage, DatabaseReport, HistoryRevision
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_report import ReportHeader, database_report
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.selection import compared_scope
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.files import relative


class StateReporter:
    """Makes the reports of a project's databases.

    Args:
        opened: The opened project.
        replay: How the history was obtained.
    """

    def __init__(self, opened: OpenedProject, replay: str) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._settings = opened.settings
        self._replay = replay

    def report(
        self,
        state: DatabaseState,
        findings: Iterable[Finding],
        *,
        gaps: tuple[Gap, ...],
        compared: Sequence[Side],
    ) -> DatabaseReport:
        """Make the report of a database.

        Args:
            state: The state of the database.
            findings: The findings.
            gaps: The gaps that were compared.
            compared: The schemas that were compared. The objects of the first are counted; objects
                of the others are only counted if they were not read. Schemas that could not be
                read are ignored.
        """
        found = tuple(findings)  # may run what adds notes
        return database_report(self._header(state), found, gaps, self._coverage(state, compared))

    def _header(self, state: DatabaseState) -> ReportHeader:
        database_key = state.database_key
        maker, live_url = self._shadows.maker(database_key), self._shadows.live_url(database_key)
        return ReportHeader(
            name=name_of(state, live_url),
            location=shown(live_url),
            dialect=database_key.dialect,
            server_version=_server_version(state),
            stamped=state.stamped,
            heads=self._loaded.heads,
            replay=self._replay,
            shadows=maker.how,
            notes=tuple(maker.notes),
            environment=self._loaded.environment_file(),
            history=history_of(self._loaded),
        )

    def _coverage(self, state: DatabaseState, compared: Sequence[Side]) -> Coverage | None:
        snapshots = [state.snapshots[side] for side in compared if side in state.snapshots]
        if not snapshots:
            return None
        return coverage(snapshots[0], state.catalog, compared_scope(self._settings), snapshots[1:])


def name_of(state: DatabaseState, live_url: URL) -> str:
    """Return the name of a database: its bind key or, without binds, its own name.

    Args:
        state: The state of the database.
        live_url: The URL of the live database.
    """
    return state.configured[0].bind or database_key_of(live_url).database


def history_of(loaded: LoadedProject) -> tuple[HistoryRevision, ...]:
    """Return the revisions of a project, parents first."""
    scripts = [*loaded.script.walk_revisions()]
    parents = loaded.parents()
    return tuple(
        HistoryRevision(
            script.revision,
            next(iter((script.doc or "").strip().splitlines()), ""),
            relative(script.path, loaded.root),
            parents[script.revision],
        )
        for script in reversed(scripts)
    )


def _server_version(state: DatabaseState) -> str:
    """Return the version of the live server or, if live was not read, of the shadow server."""
    read = [state.live.snapshot] if state.live else [*state.snapshots.values()]
    return read[-1].server_version if read else ""
