"""Ends the run within a time limit after SIGINT, SIGTERM or SIGHUP.

The main thread may be waiting for a server in C code, or run user code that catches every
exception. So a separate thread receives the signal through ``signal.set_wakeup_fd``, and ends every
database call. The main thread then returns to Python, where ``KeyboardInterrupt`` is raised and the
shadow databases are dropped. If this takes too long, the thread stops the private servers, reports
the databases that are left, and ends the process.

User code can set its own handlers for these signals, and a wakeup descriptor, as asyncio does. They
are recorded but not used: the signals still end the run.
"""

from __future__ import annotations

import _thread
import os
import select
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Any, NoReturn, Protocol

from driftcheck.errors import ExitCode, Interrupted
from driftcheck.process import streams
from driftcheck.process.deadline import watchdog
from driftcheck.process.state import note_exit_code

ENDING = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)
"""The signals that end a run."""
_SECONDS = 1.5
"""How long the main thread may need to end the run after a signal."""
_SECONDS_FOR_CALLS = 1.2
"""The time limit of database calls while the run ends."""
_SHOW_CURSOR = b"\x1b[?25h"


class Holder(Protocol):
    """An object that must be closed when the run ends, such as a maker of shadow databases."""

    def close(self) -> None:
        """Drop all databases and stop the server. A second call does nothing."""

    def left(self) -> Sequence[str]:
        """Return the names of the databases that are not dropped yet."""

    def stop_at_once(self) -> None:
        """Stop the server without waiting. Called from another thread."""


class Interruption:
    """Handles the signals that end a run.

    Attributes:
        received: The number of the first such signal; ``None`` before that.
        has_made: Whether a shadow database has been created.
        about_live: What a message says about the live database that is being repaired.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.has_made = False
        self.about_live = ""
        self._handled: set[int] = set()
        self._is_raised = False
        self._holders: list[Holder] = []
        self._stderr = -1
        self._pipe = -1
        self._process = -1
        self._message_lock = _thread.allocate_lock()
        self._user_handlers: dict[int, Any] = {}
        self._forward = -1
        self._depth = 0
        self._forking = threading.local()

    def install(self) -> None:
        """Install the signal handlers. Must be called in the main thread.

        A signal that is already ignored stays ignored, for example under ``nohup``.
        """
        with suppress(OSError):
            # A duplicate, because the output of user code is captured on descriptor 2.
            self._stderr = os.dup(streams.err().fileno())
        read, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        self._process = os.getpid()
        for number in ENDING:
            if _SIGNALS["getsignal"](number) is not signal.SIG_IGN:
                _SIGNALS["signal"](number, self._handle)
                self._handled.add(number)
        self._set_wakeup(self._pipe)
        # _thread and not threading: this thread must not count as a thread of user code.
        _thread.start_new_thread(self._wait_for_signals, (read,))
        watchdog.last_resort = self._give_up
        os.register_at_fork(
            before=self._before_fork,
            after_in_parent=self._after_fork_in_parent,
            after_in_child=self._after_fork_in_child,
        )

    def leave_signals_to(self, handler: Callable[[int, FrameType | None], None]) -> None:
        """Have a command handle the signals itself, without a time limit.

        For a command that runs no code of the project in its process. Must be called in the main
        thread.
        """
        handled = self._handled.copy()
        self._reset()
        for number in handled:
            _SIGNALS["signal"](number, handler)

    def _before_fork(self) -> None:
        """Block the signals, and remove the wakeup descriptor, until the fork has its own handlers.

        In a forked process, Python discards signals that arrived before its own fork hooks have
        run. A blocked signal stays pending.
        """
        if self._handled:
            self._forking.mask = _SIGNALS["pthread_sigmask"](signal.SIG_BLOCK, self._handled)
            self._set_wakeup(-1)

    def _after_fork_in_parent(self) -> None:
        self._set_wakeup(self._pipe)
        self._unblock()

    def _after_fork_in_child(self) -> None:
        self._reset()
        self._unblock()

    def _unblock(self) -> None:
        mask = getattr(self._forking, "mask", None)
        if mask is not None:
            self._forking.mask = None
            _SIGNALS["pthread_sigmask"](signal.SIG_SETMASK, mask)

    def hold(self, holder: Holder) -> None:
        """Close an object when a signal ends the run, unless it is released before."""
        self._holders.append(holder)

    def release(self, holder: Holder) -> None:
        """Remove an object that has been closed."""
        self._holders = [other for other in self._holders if other is not holder]

    def finish(self) -> int:
        """Close the remaining objects, and report the state of the shadow databases.

        Returns:
            The exit code.
        """
        for holder in reversed(self._holders.copy()):
            with suppress(Exception):
                holder.close()
        self._print_once(self._outcome())
        return 128 + (self.received or signal.SIGINT)  # as in shells

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Keep user code from replacing the signal handlers within this context.

        Contexts may be nested. In a program that imports driftcheck, its handlers are restored at
        the end.

        Raises:
            KeyboardInterrupt: At the end of the context, if a signal has arrived.
        """
        before = self._user_handlers.copy(), self._forward
        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                for number in ENDING:
                    handler = _SIGNALS["getsignal"](number)
                    stack.callback(_SIGNALS["signal"], number, handler)
            if self._handled and not self._depth:
                for name, replacement in self._replacements().items():
                    if name not in _SIGNALS:  # not on this system
                        continue
                    setattr(signal, name, replacement)
                    stack.callback(setattr, signal, name, _SIGNALS[name])
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                self._user_handlers, self._forward = before
                if self._is_raised:  # user code may have caught it, or raised something else
                    raise Interrupted

    def _replacements(self) -> dict[str, Any]:
        """Return the functions that replace those of the module ``signal`` for user code."""

        def set_handler(number: int, handler: Any) -> Any:
            if number not in self._handled or not _is_main_thread():
                return _SIGNALS["signal"](number, handler)
            before, self._user_handlers[number] = get_handler(number), handler
            return before

        def get_handler(number: int) -> Any:
            if number in self._handled and number in self._user_handlers:
                return self._user_handlers[number]
            return _SIGNALS["getsignal"](number)

        def set_wakeup_fd(descriptor: int, **options: Any) -> int:
            if not self._handled or not _is_main_thread():
                return int(_SIGNALS["set_wakeup_fd"](descriptor, **options))
            before, self._forward = self._forward, descriptor
            return before

        def mask(how: int, numbers: Iterable[int]) -> Any:
            if how != signal.SIG_UNBLOCK:
                numbers = set(numbers) - self._handled
            return _SIGNALS["pthread_sigmask"](how, numbers)

        return {
            "pthread_sigmask": mask,
            "signal": set_handler,
            "getsignal": get_handler,
            "set_wakeup_fd": set_wakeup_fd,
        }

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        """Raise ``Interrupted`` in the main thread, once.

        A second signal must not interrupt the cleanup.
        """
        if os.getpid() != self._process:
            self._reset()
            os.kill(os.getpid(), number)
            return
        with suppress(OSError):  # in case user code has replaced the wakeup descriptor
            os.write(self._pipe, bytes([number]))
        if not self._is_raised:
            self._is_raised = True
            self.received = self.received or number
            raise Interrupted

    def _wait_for_signals(self, read: int) -> None:
        """Wait for signals. After the first, end the process when the time limit is reached."""
        ends: float | None = None
        while True:
            timeout = None if ends is None else max(0.0, ends - time.monotonic())
            if not select.select([read], [], [], timeout)[0]:
                self._end_now(self._outcome(), 128 + (self.received or 0))
            numbers = os.read(read, 64)
            if self._forward >= 0:
                with suppress(OSError):
                    os.write(self._forward, numbers)
            if ends is None and (handled := self._handled.intersection(numbers)):
                self.received = self.received or min(handled)
                ends = time.monotonic() + _SECONDS
                watchdog.end_run(_SECONDS_FOR_CALLS)

    def _set_wakeup(self, descriptor: int) -> None:
        if self._handled and _is_main_thread():
            _SIGNALS["set_wakeup_fd"](descriptor, warn_on_full_buffer=False)

    def _give_up(self, text: str) -> None:
        self._end_now(text, ExitCode.CANNOT_CHECK)

    def _end_now(self, text: str, code: int) -> NoReturn:
        """End the process from another thread."""
        for holder in self._holders.copy():
            with suppress(Exception):
                holder.stop_at_once()
        self._print_once(text)
        note_exit_code(code)
        os._exit(code)

    def _outcome(self) -> str:
        """Return a message about the state of the databases."""
        return "; ".join(filter(None, (self._about_shadows(), self.about_live)))

    def _about_shadows(self) -> str:
        left = [name for holder in self._holders.copy() for name in holder.left()]
        if left:
            count = (
                "1 shadow database is" if len(left) == 1 else f"{len(left)} shadow databases are"
            )
            return f"interrupted; {count} left for the next run to drop: {', '.join(left)}"
        if self.has_made:
            return "interrupted; the shadow databases were dropped"
        return "interrupted; no shadow database had been created"

    def _print_once(self, text: str) -> None:
        """Write a message to stderr. Only the first call in the process writes."""
        if not self._message_lock.acquire(blocking=False):
            return
        with suppress(OSError):
            cursor = _SHOW_CURSOR if os.isatty(self._stderr) else b""
            os.write(self._stderr, cursor + f"driftcheck: {text}\n".encode())

    def _reset(self) -> None:
        """Restore the signal handlers. Signals do not end this run any more.

        In a forked process, they concern that process; see also ``leave_signals_to``.
        """
        if not self._handled:
            return
        self._set_wakeup(-1)
        for number in self._handled:
            handler = self._user_handlers.get(number)
            default = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            _SIGNALS["signal"](number, default if handler is None else handler)
        self._handled.clear()
        self._holders.clear()
        watchdog.last_resort = None


_SIGNALS: dict[str, Any] = {
    name: getattr(signal, name)
    for name in ("signal", "getsignal", "set_wakeup_fd", "pthread_sigmask")
    if hasattr(signal, name)
}


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


interruption = Interruption()
"""The instance of this process."""
