"""Ends the run in time when SIGINT, SIGTERM or SIGHUP asks for it, whatever the process is doing.

The main thread may be waiting in C for a server, or run user code that catches every exception. So
a thread of its own learns of the signal, by way of ``signal.set_wakeup_fd``, and ends every call to
a database. The main thread then returns to Python, where ``KeyboardInterrupt`` is raised and the
shadow databases are dropped on the way out. Where that takes too long, the thread stops what must
not stay, says what is left, and ends the process.

While user code runs it can set handlers of its own for these signals, and a wakeup descriptor, as
asyncio does. They are remembered and not used: the signals still end the run.
"""

from __future__ import annotations

import _thread
import os
import select
import signal
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
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
"""How long the main thread may take to end the run after a signal."""
_SECONDS_FOR_CALLS = 1.2
"""How long calls to databases may take meanwhile."""
_SHOW_CURSOR = b"\x1b[?25h"


class Holder(Protocol):
    """Something that must not stay when the run ends: what makes shadow databases."""

    def close(self) -> None:
        """Drop and stop everything; does nothing a second time."""

    def left(self) -> Sequence[str]:
        """The names of the databases that were made and are not dropped yet."""

    def stop_at_once(self) -> None:
        """Stop what can be stopped without waiting. Called from another thread."""


class Interruption:
    """What becomes of the signals that end a run.

    Attributes:
        received: The first of them that came.
        has_made: Whether a shadow database has been made.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.has_made = False
        self._handled: set[int] = set()
        self._is_raised = False
        self._holders: list[Holder] = []
        self._stderr = -1
        self._pipe = -1
        self._process = -1
        self._message_lock = _thread.allocate_lock()
        self._theirs: dict[int, Any] = {}
        self._forward = -1
        self._depth = 0
        self._forking = threading.local()

    def install(self) -> None:
        """Let the signals end the run from now on; for the main thread of the process.

        A signal that is ignored already stays so: ``nohup`` and shells ask for that.
        """
        with suppress(OSError):
            self._stderr = os.dup(
                streams.err().fileno()
            )  # user code's own output is captured there
        read, self._pipe = os.pipe()
        os.set_blocking(self._pipe, False)
        self._process = os.getpid()
        for number in ENDING:
            if _SIGNALS["getsignal"](number) is not signal.SIG_IGN:
                _SIGNALS["signal"](number, self._handle)
                self._handled.add(number)
        self._wake_by(self._pipe)
        # Not by way of threading: what user code starts is told from what was there before.
        _thread.start_new_thread(self._attend, (read,))
        watchdog.last_resort = self._give_up
        os.register_at_fork(
            before=self._before_fork,
            after_in_parent=self._after_fork_in_parent,
            after_in_child=self._after_fork_in_child,
        )

    def _before_fork(self) -> None:
        """Block the signals, and wake no thread by them, until the fork has handlers of its own.

        In a fork, Python forgets signals that came before its own hooks have run. A signal that is
        blocked stays pending.
        """
        if self._handled:
            self._forking.mask = _SIGNALS["pthread_sigmask"](signal.SIG_BLOCK, self._handled)
            self._wake_by(-1)

    def _after_fork_in_parent(self) -> None:
        self._wake_by(self._pipe)
        self._unblock()

    def _after_fork_in_child(self) -> None:
        self._forget()
        self._unblock()

    def _unblock(self) -> None:
        mask = getattr(self._forking, "mask", None)
        if mask is not None:
            self._forking.mask = None
            _SIGNALS["pthread_sigmask"](signal.SIG_SETMASK, mask)

    def hold(self, holder: Holder) -> None:
        """Close this when a signal ends the run, unless it is released before."""
        self._holders.append(holder)

    def release(self, holder: Holder) -> None:
        """Forget what was held, now that it is closed."""
        self._holders = [one for one in self._holders if one is not holder]

    def finish(self) -> int:
        """Close what is still held, and say what became of the shadow databases.

        Returns:
            The exit code.
        """
        for holder in reversed(self._holders.copy()):
            with suppress(Exception):
                holder.close()
        self._tell(self._outcome())
        return 128 + (self.received or signal.SIGINT)  # as shells have it

    @contextmanager
    def guarded(self) -> Iterator[None]:
        """Keep user code from taking the signals over meanwhile; may be nested.

        Where the signals are not handled here, as in a program that imports driftcheck, its
        handlers are put back in the end.

        Raises:
            KeyboardInterrupt: On leaving, where a signal came.
        """
        before = self._theirs.copy(), self._forward
        with ExitStack() as stack:
            if threading.current_thread() is threading.main_thread():
                for number in ENDING:
                    handler = _SIGNALS["getsignal"](number)
                    stack.callback(_SIGNALS["signal"], number, handler)
            if self._handled and not self._depth:
                for name, ours in self._replacements().items():
                    if name not in _SIGNALS:  # not on this system
                        continue
                    setattr(signal, name, ours)
                    stack.callback(setattr, signal, name, _SIGNALS[name])
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                self._theirs, self._forward = before
                if self._is_raised:  # user code may have caught it, or raised something else
                    raise Interrupted

    def _replacements(self) -> dict[str, Any]:
        """What user code finds in the module ``signal``."""

        def set_handler(number: int, handler: Any) -> Any:
            if number not in self._handled or not _is_main_thread():
                return _SIGNALS["signal"](number, handler)
            before, self._theirs[number] = get_handler(number), handler
            return before

        def get_handler(number: int) -> Any:
            if number in self._handled and number in self._theirs:
                return self._theirs[number]
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
        """End the main thread's work, once: a second signal must not end the tidying up."""
        if os.getpid() != self._process:
            self._forget()
            os.kill(os.getpid(), number)
            return
        with suppress(OSError):  # where user code has taken the wakeup descriptor all the same
            os.write(self._pipe, bytes([number]))
        if not self._is_raised:
            self._is_raised = True
            self.received = self.received or number
            raise Interrupted

    def _attend(self, read: int) -> None:
        """Wait for signals; after the first that ends the run, see that it does end."""
        ends: float | None = None
        while True:
            timeout = None if ends is None else max(0.0, ends - time.monotonic())
            if not select.select([read], [], [], timeout)[0]:
                self._end_now(self._outcome(), 128 + (self.received or 0))
            numbers = os.read(read, 64)
            if self._forward >= 0:
                with suppress(OSError):
                    os.write(self._forward, numbers)
            if ends is None and (ours := self._handled.intersection(numbers)):
                self.received = self.received or min(ours)
                ends = time.monotonic() + _SECONDS
                watchdog.end_run(_SECONDS_FOR_CALLS)

    def _wake_by(self, descriptor: int) -> None:
        if self._handled and _is_main_thread():
            _SIGNALS["set_wakeup_fd"](descriptor, warn_on_full_buffer=False)

    def _give_up(self, text: str) -> None:
        self._end_now(text, ExitCode.CANNOT_CHECK)

    def _end_now(self, text: str, code: int) -> NoReturn:
        """End the process from another thread."""
        for holder in self._holders.copy():
            with suppress(Exception):
                holder.stop_at_once()
        self._tell(text)
        note_exit_code(code)
        os._exit(code)

    def _outcome(self) -> str:
        """What became of the shadow databases."""
        left = [name for holder in self._holders.copy() for name in holder.left()]
        if left:
            several = (
                "1 shadow database is" if len(left) == 1 else f"{len(left)} shadow databases are"
            )
            return f"interrupted; {several} left for the next run to drop: {', '.join(left)}"
        if self.has_made:
            return "interrupted; the shadow databases were dropped"
        return "interrupted; no shadow database had been made"

    def _tell(self, text: str) -> None:
        """Say something on stderr, once in all."""
        if not self._message_lock.acquire(blocking=False):
            return
        with suppress(OSError):
            cursor = _SHOW_CURSOR if os.isatty(self._stderr) else b""
            os.write(self._stderr, cursor + f"driftcheck: {text}\n".encode())

    def _forget(self) -> None:
        """Leave a fork as if nothing were handled: its signals are not for this run."""
        if not self._handled:
            return
        self._wake_by(-1)
        for number in self._handled:
            theirs = self._theirs.get(number)
            usual = signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL
            _SIGNALS["signal"](number, usual if theirs is None else theirs)
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
"""That of this process."""
