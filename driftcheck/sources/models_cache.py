"""Caches the schema of the models, under a key of everything that can change what creates it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import sqlalchemy

from driftcheck import __version__
from driftcheck.databases.reading import Scope
from driftcheck.project.environment import Configured
from driftcheck.schema import Snapshot
from driftcheck.sources.reading import Refused
from driftcheck.storage.entries import Entries, key_of
from driftcheck.storage.snapshot_difference import difference_of, snapshot_of
from driftcheck.storage.snapshot_file import FORMAT


@dataclass(frozen=True)
class CreatedModels:
    """The models as a database creates them.

    Attributes:
        snapshot: The schema.
        refused: The statements of the models that the database refused.
        needs_history: Whether objects of the history were created because the database refused
            statements without them; false if the models come from the cache.
    """

    snapshot: Snapshot
    refused: tuple[Refused, ...] = ()
    needs_history: bool = False

    @property
    def needs_only_ddl(self) -> bool:
        """Whether the database refused no statement, also without objects of the history."""
        return not self.refused and not self.needs_history


class ModelsCache:
    """The cached schema of the models of one database.

    The models are created in a restricted shadow of a server that nothing else uses, together with
    objects of the head that they use. The cache has them as the difference from the head.

    Args:
        configured: What env.py configures for the database.
        head: The schema at the head of the history.
        head_digest: A digest of this schema and its cache entry.
        server_state: See ``ShadowMaker.server_state``.
        scope: The part of a database that is read.
    """

    def __init__(
        self,
        configured: Sequence[Configured],
        head: Snapshot,
        head_digest: str,
        server_state: str,
        scope: Scope,
    ) -> None:
        versions = __version__, FORMAT, sqlalchemy.__version__
        models = [(c.ddl, c.working.statements, c.working.must_exist) for c in configured]
        parts = *versions, head.dialect, head_digest, server_state, repr(scope), models
        self._key = key_of(parts)
        self._head = head
        self._entries = Entries("models")

    def get(self) -> CreatedModels | None:
        """Return the models; ``None`` if they are not cached, or the entry is damaged."""
        text = self._entries.get(self._key)
        if text is None:
            return None
        try:
            data = json.loads(text)
            refused = tuple(Refused(**each) for each in data["refused"])
            return CreatedModels(snapshot_of(data["snapshot"], self._head), refused)
        except (ValueError, KeyError, TypeError, IndexError):
            return None

    def put(self, created: CreatedModels) -> None:
        """Cache the models."""
        refused = [asdict(each) for each in created.refused]
        snapshot = difference_of(created.snapshot, self._head)
        self._entries.put(self._key, json.dumps({"snapshot": snapshot, "refused": refused}))
