"""The file of a run: each reading as a line of JSON, as soon as it is known.

An interrupted run can be resumed from it. The file has no passwords, and no other account may
write it: it decides which members are not read again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from driftcheck.actions.fleet.reading import MemberReading, Outcome, ReadFailure, now
from driftcheck.errors import ConfigurationError, OutputError
from driftcheck.process.masking import masked
from driftcheck.process.streams import warn
from driftcheck.storage.cache_directory import read_private

_FORMAT = 1


class StateFile:
    """The readings of a run, in a file.

    Args:
        path: The file.
        key: A digest of everything that a reading depends on besides the member.

    Attributes:
        readings: The readings of the unfinished run, by the name of the member.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.readings: Mapping[str, MemberReading] = {}
        self._path = path
        self._key = key

    @contextmanager
    def writing(self, *, resume: bool) -> Iterator[Callable[[Outcome], None]]:
        """Open the file, and yield a function that adds an outcome.

        The run counts as finished if every member was read. If not, resuming it reads the others.

        Args:
            resume: Whether to keep the readings of an unfinished run.

        Raises:
            ConfigurationError: Another run writes the file.
            OutputError: The file cannot be written.
        """
        head = {"format": _FORMAT, "key": self._key, "started": now()}
        with self._opened() as stream:
            self.readings = dict(self._interrupted()) if resume else {}
            if not self.readings:
                stream.truncate(0)
                _write(stream, head)
            elif not self._path.read_bytes().endswith(b"\n"):  # a line that was not completed
                stream.write("\n")
            failures: list[ReadFailure] = []

            def keep(outcome: Outcome) -> None:
                if isinstance(outcome, MemberReading):
                    _write(stream, asdict(outcome))
                else:
                    failures.append(outcome)

            yield keep
            if not failures:
                _write(stream, {"finished": now()})

    @contextmanager
    def _opened(self) -> Iterator[TextIO]:
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise OutputError(
                f"the state of the run cannot be written to {self._path}: {error.strerror}",
                hint="Name another file with --state FILE.",
            ) from None
        with os.fdopen(descriptor, "a", encoding="utf-8") as stream:
            self._lock(stream)
            yield stream

    def _lock(self, stream: TextIO) -> None:
        if os.name == "nt":
            return
        import fcntl  # noqa: PLC0415  (not on Windows)

        try:
            # Not a record lock: that would end when the file is closed after it was read.
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ConfigurationError(
                f"another run writes {self._path}",
                hint="Wait for its end, or name another file with --state FILE.",
            ) from None

    def _interrupted(self) -> Iterator[tuple[str, MemberReading]]:
        """Yield the readings of a run that is not finished, if it has read the same."""
        try:
            lines = [_parsed(line) for line in read_private(self._path).splitlines()]
        except PermissionError as error:  # others could have written readings
            warn(f"not resumed: {error}")
            return
        except (OSError, UnicodeDecodeError):
            return
        head = lines[0] if lines else {}
        if (head.get("format"), head.get("key")) != (_FORMAT, self._key):
            return
        if any("finished" in line for line in lines):
            return
        for line in lines:
            if "member" in line:
                reading = _reading(line)
                yield reading.member, reading


def _write(stream: TextIO, value: Mapping[str, Any]) -> None:
    stream.write(masked(json.dumps(value)) + "\n")
    stream.flush()


def _parsed(line: str) -> dict[str, Any]:
    """Return the object of a line; an empty one if the line was not completed."""
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _reading(line: dict[str, Any]) -> MemberReading:
    stamps = tuple((schema, name, tuple(found)) for schema, name, found in line.pop("stamps"))
    return MemberReading(stamps=stamps, **line)
