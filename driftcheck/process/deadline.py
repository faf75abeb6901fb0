"""Ends calls to databases that take too long: one thread watches all of them.

A driver such as psycopg2 waits in C for the server. A signal handler written in Python does not
run meanwhile, and a server that has died without closing the connection is waited for without
end. So each call is noted here before it is made. When its time is over, the thread shuts the
connection down, and the driver returns with an error at once. The time is that of the whole call:
a server that sends one byte now and then gets no more of it.
"""

from __future__ import annotations

import _thread
import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self, TypeVar

from driftcheck.errors import DriftcheckError, NotAnsweredError

DEFAULT_SECONDS = 120.0
"""How long one statement may take, unless the user says otherwise."""
CONNECT_SECONDS = 10.0
"""How long connecting may take in all: resolving the name, every address, logging in."""
MARGIN_SECONDS = 2.0
"""How much later than the server a client gives up: the server's own error says more."""
_POLL_SECONDS = 0.1
_STUCK_SECONDS = 5.0
"""How long a call may go on after its connection was shut down."""

Abort = Callable[[], object]
"""Ends a call that another thread makes."""

NoteError = Callable[[DriftcheckError], DriftcheckError]
"""Takes note of an error before it is raised, and returns it: user code may catch the error."""

_T = TypeVar("_T")


class Call:
    """One call to a database that is being made, as a context manager.

    Args:
        watchdog: What watches it.
        database: What messages call the database; without a password.
        abort: Ends the call.
        seconds: How long it may take.

    Raises:
        NotAnsweredError: On leaving, where the call failed because its time was over.
    """

    __slots__ = ("_watchdog", "abort", "database", "ends", "is_aborted", "seconds")

    def __init__(self, watchdog: Watchdog, database: str, abort: Abort, seconds: float) -> None:
        self._watchdog = watchdog
        self.database = database
        self.abort = abort
        self.seconds = seconds
        self.ends = 0.0
        self.is_aborted = False

    def __enter__(self) -> Self:
        """Begin to watch."""
        self.ends = self._watchdog.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End to watch; say why the call failed where its time was over."""
        self._watchdog.end(self)
        if self.is_aborted and isinstance(error, Exception):
            raise not_answered(self.database, self.seconds) from error


class Watchdog:
    """Knows the calls that are being made, and ends those that take too long.

    Attributes:
        seconds: How long one statement may take.
        last_resort: Ends the process with a text, where a call does not return although its
            connection was shut down. ``None``: it is waited for.
    """

    def __init__(self) -> None:
        self.seconds = DEFAULT_SECONDS
        self.last_resort: Callable[[str], object] | None = None
        self._calls: dict[int, Call] = {}
        self._is_watching = False
        self._run_ends: float | None = None
        os.register_at_fork(after_in_child=self._forget)

    @property
    def client_seconds(self) -> float:
        """How long the client waits for a statement that the server is to end by itself."""
        return self.seconds + MARGIN_SECONDS

    @property
    def connect_seconds(self) -> float:
        """How long connecting may take in all."""
        return min(CONNECT_SECONDS, self.seconds)

    def call(self, database: str, abort: Abort, seconds: float | None = None) -> Call:
        """A call to a database, to be entered while it is made.

        Args:
            database: What messages call the database; without a password.
            abort: Ends the call from another thread.
            seconds: How long it may take; that of a statement where it is left out.
        """
        return Call(self, database, abort, seconds or self.client_seconds)

    def begin(self, call: Call) -> float:
        """Watch a call from now on.

        Returns:
            When its time is over, by the monotonic clock.
        """
        self._calls[id(call)] = call
        if not self._is_watching:
            self._is_watching = True
            # Not by way of threading: what user code starts is told from what was there before.
            _thread.start_new_thread(self._watch, ())
        ends = time.monotonic() + call.seconds
        return ends if self._run_ends is None else min(ends, self._run_ends)

    def end(self, call: Call) -> None:
        """Watch a call no more."""
        self._calls.pop(id(call), None)

    def end_run(self, seconds: float) -> None:
        """End the calls that are being made, and give later ones no longer than the run has.

        What the main thread does on its way out is not ended: that began after the signal.

        Args:
            seconds: How long the run may still take.
        """
        self._run_ends = time.monotonic() + seconds
        waiting = list(self._calls.values())
        time.sleep(_POLL_SECONDS)
        for call in waiting:
            if id(call) in self._calls:
                with suppress(Exception):
                    call.abort()

    def within(self, database: str, seconds: float, work: Callable[[], _T]) -> _T:
        """Do something in a thread of its own, and wait for it no longer than it may take.

        For what cannot be aborted, such as connecting. The wait itself ends with a signal.

        Args:
            database: What messages call the database; without a password.
            seconds: How long it may take.
            work: Makes a connection, which is closed where it comes too late.

        Raises:
            NotAnsweredError: Its time is over.
        """
        if self._run_ends is not None:
            seconds = max(0.0, min(seconds, self._run_ends - time.monotonic()))
        errand = _Errand(work)
        if not errand.wait(seconds):
            raise not_answered(database, seconds)
        result: _T = errand.result()
        return result

    def _watch(self) -> None:
        while True:
            time.sleep(_POLL_SECONDS)
            now = time.monotonic()
            for call in list(self._calls.values()):
                if not 0 < call.ends <= now:
                    continue
                if not call.is_aborted:
                    call.is_aborted = True
                    with suppress(Exception):
                        call.abort()
                elif now - call.ends > _STUCK_SECONDS and self.last_resort is not None:
                    self.last_resort(not_answered(call.database, call.seconds).message)

    def _forget(self) -> None:
        """Begin anew in a fork: it has neither the thread nor its calls."""
        self._calls.clear()
        self._is_watching = False


class _Errand:
    """Something that is done in a thread of its own, and may be given up."""

    def __init__(self, work: Callable[[], Any]) -> None:
        # The connection of driftcheck itself is known by a context variable.
        self._context = copy_context()
        self._work = work
        self._done = _thread.allocate_lock()
        self._done.acquire()
        self._given_up = False
        self._outcome: Any = None
        self._error: BaseException | None = None
        _thread.start_new_thread(self._run, ())

    def wait(self, seconds: float) -> bool:
        """Wait until it is done, or give it up; says which."""
        try:
            if self._done.acquire(timeout=seconds):
                return True
        except BaseException:
            self._given_up = True
            raise
        self._given_up = True
        return False

    def result(self) -> Any:
        if self._error is not None:
            raise self._error
        return self._outcome

    def _run(self) -> None:
        try:
            self._outcome = self._context.run(self._work)
        except BaseException as error:  # noqa: BLE001  (it is raised where the result is wanted)
            self._error = error
        self._done.release()
        if self._given_up and self._outcome is not None:
            with suppress(Exception):
                self._outcome.close()


def not_answered(database: str, seconds: float) -> NotAnsweredError:
    """The error for a database that did not answer in time."""
    return NotAnsweredError(
        f"{database} did not answer within {seconds:.3g} seconds",
        hint="Check that the server and the network work, and that nothing blocks the statement. "
        "Where it needs more time, give it more: --timeout SECONDS.",
    )


def aborter(connection: Any) -> Abort:
    """What ends a call on a connection of any driver, as far as that is known.

    Args:
        connection: A driver's own connection.
    """
    if hasattr(connection, "interrupt"):  # sqlite3
        return connection.interrupt  # type: ignore[no-any-return]

    def shut_down() -> None:
        descriptor = _descriptor(connection)
        if descriptor is not None:
            with socket.socket(fileno=os.dup(descriptor)) as duplicate:
                duplicate.shutdown(socket.SHUT_RDWR)

    return shut_down


def _descriptor(connection: Any) -> int | None:
    """The descriptor of a connection's socket."""
    transport = getattr(connection, "_transport", None)
    holders: tuple[Any, ...] = (
        connection,  # psycopg, psycopg2, mysqlclient
        getattr(connection, "_usock", None),  # pg8000
        getattr(connection, "_sock", None),  # PyMySQL
        transport and transport.get_extra_info("socket"),  # asyncpg
    )
    for holder in holders:
        if hasattr(holder, "fileno"):
            with suppress(Exception):
                return int(holder.fileno())
    return None


watchdog = Watchdog()
"""The one of this process."""
