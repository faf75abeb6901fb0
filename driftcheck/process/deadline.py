"""Ends database calls that take too long. One thread watches all calls.

A driver such as psycopg2 waits for the server in C code. Meanwhile no signal handler written in
Python runs, and the wait never ends if the server has died without closing the connection. So each
call is registered here before it is made. When its time limit is reached, the thread shuts the
connection down, and the driver returns with an error at once. The limit is that of the whole call:
a server that sends a byte from time to time does not extend it.
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
"""The default time limit of one statement."""
CONNECT_SECONDS = 10.0
"""The time limit of connecting in total: name resolution, all addresses, authentication."""
MARGIN_SECONDS = 2.0
"""How much longer than the server the client waits: the error of the server is more precise."""
_POLL_SECONDS = 0.1
_STUCK_SECONDS = 5.0
"""How long a call may continue after its connection was shut down."""

Abort = Callable[[], object]
"""Ends a call that another thread makes."""

NoteError = Callable[[DriftcheckError], DriftcheckError]
"""Takes note of an error before it is raised, and returns it: user code may catch the error."""

_T = TypeVar("_T")


class Call:
    """A context manager around a call to a database.

    Args:
        watchdog: The watchdog that ends the call.
        database: The name of the database in messages, without a password.
        abort: Ends the call.
        seconds: The time limit.

    Raises:
        NotAnsweredError: At the end of the context, if the call failed because of the time limit.
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
        """Start watching the call."""
        self.ends = self._watchdog.begin(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching the call. If it was aborted, raise the error that says so."""
        self._watchdog.end(self)
        if self.is_aborted and isinstance(error, Exception):
            raise not_answered(self.database, self.seconds) from error


class Watchdog:
    """Ends database calls that take too long.

    Attributes:
        seconds: The time limit of one statement.
        last_resort: Ends the process with a message if a call does not return after its connection
            was shut down. ``None``: such a call is waited for.
    """

    def __init__(self) -> None:
        self.seconds = DEFAULT_SECONDS
        self.last_resort: Callable[[str], object] | None = None
        self._calls: dict[int, Call] = {}
        self._is_watching = False
        self._run_ends: float | None = None
        os.register_at_fork(after_in_child=self._reset)

    @property
    def client_seconds(self) -> float:
        """The time limit of the client for a statement that the server should end by itself."""
        return self.seconds + MARGIN_SECONDS

    @property
    def connect_seconds(self) -> float:
        """The time limit of connecting, in total."""
        return min(CONNECT_SECONDS, self.seconds)

    def call(self, database: str, abort: Abort, seconds: float | None = None) -> Call:
        """Return a context manager for a call to a database.

        Args:
            database: The name of the database in messages, without a password.
            abort: Ends the call from another thread.
            seconds: The time limit; by default that of a statement.
        """
        return Call(self, database, abort, seconds or self.client_seconds)

    def begin(self, call: Call) -> float:
        """Start watching a call.

        Returns:
            The time at which the call is ended, by the monotonic clock.
        """
        self._calls[id(call)] = call
        if not self._is_watching:
            self._is_watching = True
            # _thread and not threading: this thread must not count as a thread of user code.
            _thread.start_new_thread(self._watch, ())
        ends = time.monotonic() + call.seconds
        return ends if self._run_ends is None else min(ends, self._run_ends)

    def end(self, call: Call) -> None:
        """Stop watching a call."""
        self._calls.pop(id(call), None)

    def end_run(self, seconds: float) -> None:
        """End the current calls, and limit later calls to the remaining time of the run.

        Calls that the main thread makes to clean up start after the signal, so they are not ended
        at once.

        Args:
            seconds: The remaining time of the run.
        """
        self._run_ends = time.monotonic() + seconds
        waiting = list(self._calls.values())
        time.sleep(_POLL_SECONDS)
        for call in waiting:
            if id(call) in self._calls:
                with suppress(Exception):
                    call.abort()

    def within(self, database: str, seconds: float, work: Callable[[], _T]) -> _T:
        """Run a function in a separate thread, and wait for its result with a time limit.

        This is for work that cannot be aborted, such as connecting. A signal ends the wait.

        Args:
            database: The name of the database in messages, without a password.
            seconds: The time limit.
            work: Opens and returns a connection. A connection that comes too late is closed.

        Returns:
            The result of the function.

        Raises:
            NotAnsweredError: The time limit was reached.
        """
        if self._run_ends is not None:
            seconds = max(0.0, min(seconds, self._run_ends - time.monotonic()))
        background = _BackgroundWork(work)
        if not background.wait(seconds):
            raise not_answered(database, seconds)
        result: _T = background.result()
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

    def _reset(self) -> None:
        """Reset the state in a forked process, which has neither the thread nor its calls."""
        self._calls.clear()
        self._is_watching = False


class _BackgroundWork:
    """Work in a separate thread that can be abandoned."""

    def __init__(self, work: Callable[[], Any]) -> None:
        # A context variable marks the connections of driftcheck itself.
        self._context = copy_context()
        self._work = work
        self._done = _thread.allocate_lock()
        self._done.acquire()
        self._given_up = False
        self._outcome: Any = None
        self._error: BaseException | None = None
        _thread.start_new_thread(self._run, ())

    def wait(self, seconds: float) -> bool:
        """Wait until the work is done, or abandon it. Return whether it is done."""
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
        except BaseException as error:  # noqa: BLE001  (raised by result())
            self._error = error
        self._done.release()
        if self._given_up and self._outcome is not None:
            with suppress(Exception):
                self._outcome.close()


def not_answered(database: str, seconds: float) -> NotAnsweredError:
    """Return the error for a database that did not answer in time."""
    return NotAnsweredError(
        f"{database} did not answer within {seconds:.3g} seconds",
        hint="Check the server and the network, and whether a lock blocks the statement. If the "
        "statement needs more time, set a higher limit with --timeout SECONDS.",
    )


def aborter(connection: Any) -> Abort:
    """Return a function that ends a call on a connection, for all known drivers.

    Args:
        connection: The DB-API connection of a driver.
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
    """Return the descriptor of a connection's socket; ``None`` if it is not known."""
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
"""The watchdog of this process."""
