"""Keeps the DDL and the schema of the models that were created last.

Models that have changed since then are created from these: see ``driftcheck.sources.table_ddl``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy

from driftcheck import __version__
from driftcheck.errors import ConfigurationError
from driftcheck.schema import Snapshot
from driftcheck.storage.entries import Entries, key_of
from driftcheck.storage.snapshot_file import SnapshotFile, load, parts_of


@dataclass(frozen=True)
class LastModels:
    """Models that a database has created without refusing a statement.

    Attributes:
        ddl: Their DDL.
        snapshot: Their schema.
    """

    ddl: Sequence[str]
    snapshot: Snapshot


class LastModelsCache:
    """The models of one database that were created last, in the user's cache directory.

    Args:
        others: Everything besides the DDL that can change the schema, and the project.
    """

    def __init__(self, others: Iterable[object]) -> None:
        self._key = key_of(("last", __version__, sqlalchemy.__version__, *others))
        self._entries = Entries("models")

    def get(self) -> LastModels | None:
        """Return the models; ``None`` if there are none, or the entry is damaged."""
        try:
            file = self._entries.read(self._key, load)
        except ConfigurationError:
            return None
        ddl = file.extra.get("ddl") if file is not None else None
        return LastModels(ddl, file.snapshot) if file is not None and ddl is not None else None

    def put(self, models: LastModels) -> None:
        """Keep the models in place of those that were created before."""
        file = SnapshotFile(models.snapshot, (), {"ddl": [*models.ddl]})
        self._entries.put(self._key, parts_of(file))
