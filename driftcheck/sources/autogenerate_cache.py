"""Caches that autogenerate writes nothing, as long as nothing that it depends on has changed."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable

from driftcheck import __version__
from driftcheck.project.inputs import inputs_of
from driftcheck.project.recording import ProjectRecording
from driftcheck.storage.entries import Entries, digest_of, key_of
from driftcheck.storage.snapshot_file import FORMAT

_OF_THE_INTERPRETER = ("LANG", "LC_", "PYTHON", "TZ")
"""The beginnings of the names of variables that Python reads itself."""


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
        variables = {
            name: digest_of(value)
            for name, value in os.environ.items()
            if name.startswith(_OF_THE_INTERPRETER)
        }
        interpreter = sys.version, sys.prefix, sys.flags, sorted(variables.items())
        machine = platform.system(), platform.release(), platform.machine(), platform.node()
        parts = __version__, FORMAT, repr(interpreter), repr(machine), *others
        self._key = key_of(parts)

    def is_known_to_write_nothing(self) -> bool:
        """Return whether autogenerate wrote nothing, and would write nothing now."""
        text = self._entries.get(self._key) if self._reads else None
        if text is None:
            return False
        try:
            inputs = inputs_of(json.loads(text))
        except ValueError:
            return False
        return inputs is not None and self._recording.finds_unchanged(inputs)

    def put_nothing(self) -> None:
        """Cache that autogenerate has just written nothing, if all that it read is known."""
        inputs = self._recording.recorded().inputs()
        if inputs is not None:
            self._entries.put(self._key, json.dumps(inputs.as_json()))
