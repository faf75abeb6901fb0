"""Caches the result of autogenerate, as long as nothing that it depends on has changed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from driftcheck import __version__
from driftcheck.project.inputs import inputs_of, surroundings
from driftcheck.project.recording import ProjectRecording
from driftcheck.storage.entries import Entries, key_of
from driftcheck.storage.snapshot_file import FORMAT


class AutogenerateCache:
    """The cached result of autogenerate on a database at the head.

    Args:
        recording: Records what the code of the project reads.
        others: All else that the result depends on: the head, the models, the shadows' server and
            the configuration.
        reads: Whether results are taken from the cache.
    """

    def __init__(
        self, recording: ProjectRecording, others: Iterable[object], *, reads: bool
    ) -> None:
        self._recording = recording
        self._reads = reads
        self._entries = Entries("autogenerate")
        self._parts = __version__, FORMAT, surroundings(), *others

    def get(self, pending: object) -> Any:
        """Return the result, as JSON represents it; ``None`` if it is not known.

        Args:
            pending: What of the pending findings the result depends on.
        """
        text = self._entries.get(self._key(pending)) if self._reads else None
        if text is None:
            return None
        try:
            data = json.loads(text)
            inputs, result = inputs_of(data["inputs"]), data["result"]
        except (ValueError, KeyError, TypeError):
            return None
        return result if inputs is not None and self._recording.finds_unchanged(inputs) else None

    def put(self, pending: object, result: object) -> None:
        """Cache the result of autogenerate, which has just run, if all that it read is known.

        Args:
            pending: As for ``get``.
            result: The result, as JSON can represent it.
        """
        inputs = self._recording.recorded().inputs()
        if inputs is not None:
            data = {"inputs": inputs.as_json(), "result": result}
            self._entries.put(self._key(pending), json.dumps(data))

    def _key(self, pending: object) -> str:
        return key_of((*self._parts, pending))
