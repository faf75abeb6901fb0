"""Runs a command in a child process, and reports an end that the child cannot report.

The project's code runs in the process of the command, and can end it without a message: by
``os._exit``, by a crash of a C library, or by using up the memory. The parent process waits,
forwards signals, and sets exit code 3 for such an end.

On systems without ``sigwaitinfo`` (macOS, Windows), the command runs without a supervisor.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from driftcheck.errors import ExitCode
from driftcheck.process.masking import masked
from driftcheck.process.state import ProcessState, note_exit_code, share

INTERRUPTED = 130
"""The exit code of a command that a signal has ended: 128 + SIGINT, as in shells."""

_STDOUT, _STDERR = 1, 2
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS")
_SPINNER_REMOVED = b"\r\x1b[2K\x1b[?25h"  # erases the line, and shows the cursor again
_RERUN = "The next run drops the shadow databases that are left."
_SECONDS_TO_START = 2
"""How long a server that was just started may take to write its PID file."""


def supervise(command: Callable[[], NoReturn]) -> NoReturn:
    """Run a command that ends its process, and end this process with the exit code of the command.

    Args:
        command: Runs in the child process. It records its exit code before it ends.
    """
    if not hasattr(signal, "sigwaitinfo") or threading.active_count() > 1:
        _run(command)
    forwarded = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # an ignored SIGCHLD would not be delivered
    state = ProcessState()
    reader, writer = os.pipe()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*forwarded, signal.SIGCHLD})
    parent, child = os.getpid(), os.fork()
    if not child:
        os.close(writer)
        _end_with(parent, reader)
        share(state)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        _run(command)
    os.close(reader)
    status = _wait(child, forwarded)
    os._exit(_exit_code(status, state))


def _run(command: Callable[[], NoReturn]) -> NoReturn:
    """Run the command. It reports its own errors; this function reports errors of its start."""
    code, message = int(ExitCode.CANNOT_CHECK), ""
    try:
        command()
    except KeyboardInterrupt:
        code, message = INTERRUPTED, "interrupted"
    except BaseException as error:  # noqa: BLE001  (no error may exit with 1)
        message = f"cannot start: {type(error).__name__}: {error}\nInstall driftcheck again."
    finally:
        _print(message)
        note_exit_code(code)
        os._exit(code)


def _end_with(parent: int, reader: int) -> None:
    """Have Linux kill this process when its parent has ended.

    The parent holds the other end of the pipe, and never writes to it.
    """
    import fcntl  # noqa: PLC0415  (not on Windows)

    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(reader, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(reader, fcntl.F_GETFL)
        fcntl.fcntl(reader, fcntl.F_SETFL, flags | os.O_ASYNC)
        if os.getppid() != parent:  # the parent has ended before the request
            os._exit(ExitCode.CANNOT_CHECK)


def _wait(child: int, forwarded: Iterable[int]) -> int:
    """Wait for the end of the child, and forward signals to it.

    A signal from the terminal is sent to the whole process group, so the child already has it.

    Returns:
        The exit status; for a signal, its negative number.
    """
    sent = set()
    while True:
        signalled = signal.sigwaitinfo({*forwarded, signal.SIGCHLD})
        if signalled.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            continue
        sent.add(signalled.si_signo)
        from_a_process = signalled.si_code <= 0
        with suppress(ProcessLookupError):
            if from_a_process or os.getpgid(child) != os.getpgrp():
                os.kill(child, signalled.si_signo)
    code = os.waitstatus_to_exitcode(status)
    if -code in sent:
        _end_by_signal(-code)
    return code


def _end_by_signal(number: int) -> None:
    """End this process by the signal that ended the child, as without a supervisor."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def _exit_code(status: int, state: ProcessState) -> int:
    """Write the output that the child could not write, and return the exit code."""
    code = state.exit_code
    if state.has_spinner:
        _write(_STDERR, _SPINNER_REMOVED)
    _stop_servers(state)
    if code is None:
        _print(_reason(status, state.doing))
        code = ExitCode.CANNOT_CHECK
    _write(_STDERR, state.output[_STDERR])
    if not _write(_STDOUT, state.output[_STDOUT]):
        code = ExitCode.CANNOT_CHECK
    return code


def _reason(status: int, doing: str) -> str:
    """Return a message: how the child has ended, and what to do next."""
    during = f" while {doing}" if doing else ""
    if status >= 0:
        return (
            f"the project's code ended the process with os._exit({status}){during}\n"
            f"Remove this call from the code that Alembic runs. {_RERUN}"
            if doing
            else f"the process ended with exit status {status} before the command had finished\n"
            f"{_RERUN}"
        )
    name = _name_of(-status)
    if name in _CRASHES:
        hint = "A C library has crashed. With --debug, driftcheck shows the line that called it."
    elif name == "SIGKILL":
        hint = "The system sends this signal if memory is used up; see the log of the system."
    else:
        hint = "The project's code or another process has sent the signal."
    return f"the process was ended by the signal {name}{during}\n{hint} {_RERUN}"


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return str(number)


def _stop_servers(state: ProcessState) -> None:
    """Ask the private servers that the child has not stopped to shut down.

    The child may have ended while a server was starting, so its PID file is waited for.
    """
    end = time.monotonic() + _SECONDS_TO_START
    for pid_file in state.servers:
        while not (number := _process_in(pid_file)) and time.monotonic() < end:
            time.sleep(0.01)
        if number:
            with suppress(OSError):
                os.kill(number, signal.SIGINT)


def _process_in(pid_file: Path) -> int:
    """Return the process of a server; 0 if it has not written its PID file."""
    try:
        return int(pid_file.read_text(encoding="ascii").split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _print(message: str) -> None:
    if message:
        _write(_STDERR, f"driftcheck: {masked(message)}\n".encode(errors="backslashreplace"))


def _write(descriptor: int, data: bytes) -> bool:
    """Write to stdout or stderr of this process, and return whether that was possible."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return False
    return True
