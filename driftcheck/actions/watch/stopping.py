"""Ends a watch on a signal: at once between two rounds, or when the check of a round has ended."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from contextlib import suppress
from types import FrameType

from driftcheck.process.interrupt import interruption


class Stop:
    """The request to stop, by SIGINT, SIGTERM or SIGHUP.

    The handlers of ``driftcheck.process.interrupt`` end a process within a short time limit,
    because the project's code runs in it. In a watch, it runs in child processes only, which have
    these handlers.
    """

    def __init__(self) -> None:
        self._requested = False
        self._child: subprocess.Popen[bytes] | None = None
        self._read, self._write = os.pipe()
        os.set_blocking(self._write, False)
        interruption.leave_signals_to(self._request)

    def requested(self) -> bool:
        """Whether a stop is requested."""
        return self._requested

    def wait(self, seconds: float) -> None:
        """Wait until the time has passed or a stop is requested."""
        if not self._requested:
            select.select([self._read], [], [], max(0.0, seconds))

    def ends(self, child: subprocess.Popen[bytes]) -> None:
        """End a child process when a stop is requested."""
        self._child = child
        if self._requested:  # the signal may have come while the child was started
            self._end_child()

    def _request(self, _number: int, _frame: FrameType | None) -> None:
        """Handle a signal. It may arrive at any point, so no lock may be taken here."""
        self._requested = True
        with suppress(BlockingIOError):
            os.write(self._write, b"\0")
        self._end_child()

    def _end_child(self) -> None:
        if self._child is not None and self._child.returncode is None:
            self._child.send_signal(signal.SIGTERM)
