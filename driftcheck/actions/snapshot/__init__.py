"""Makes the base snapshot of a project from a live database that is known to be good."""

from __future__ import annotations

from driftcheck.config.settings import Settings
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.pipeline.session import Progress, open_session
from driftcheck.sources.history import version_tables
from driftcheck.sources.live import read_live
from driftcheck.storage.snapshot_file import SnapshotFile


def base_snapshot(settings: Settings, progress: Progress = lambda _: None) -> SnapshotFile:
    """Read the live database, and the revisions it is at.

    Raises:
        ConfigurationError: The project migrates more than one database.
        CannotCheckError: The database is not stamped, so its place in the history is not known.
    """
    with open_session(settings, progress) as session:
        tables = version_tables(session.environment)
        if len(tables) > 1:
            raise ConfigurationError(
                f"the project migrates {len(tables)} databases, and a base snapshot is of one"
            )
        (place,) = tables
        progress("reading the live database")
        live = read_live(session.live_url(place), tables[place], session.scope)
        if not live.stamped:
            raise CannotCheckError(
                "the live database is not stamped with any revision",
                hint="Stamp it with the revision that it is at, if you know it: "
                "alembic stamp REVISION, or flask db stamp REVISION.",
            )
        return SnapshotFile(live.snapshot, live.stamped)
