"""Runs a command in a child process, and says how it ended where the child cannot say so itself.

The project's code runs in the process of the command, and can end it without a message: by
``os._exit``, by a crash of a library written in C, or by using up the memory. The parent process
waits, passes signals on, and makes sure that such an end is exit code 3.

Where the system has no ``sigwaitinfo`` (macOS, Windows), the command runs without a supervisor.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

from driftcheck.errors import ExitCode
from driftcheck.process.masking import masked
from driftcheck.process.state import ProcessState, note_exit_code, share

INTERRUPTED = 130
"""The exit code of a command that a signal has ended: 128 + SIGINT, as shells have it."""

_STDOUT, _STDERR = 1, 2
_CRASHES = ("SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGABRT", "SIGSYS")
_SPINNER_REMOVED = b"\r\x1b[2K\x1b[?25h"  # erases the line, and shows the cursor again
_RERUN = "Shadow databases that it has left are dropped by the next run."


def supervise(command: Callable[[], NoReturn]) -> NoReturn:
    """Run a command that ends its process, and end this process with the exit code of the command.

    Args:
        command: What is run in the child process. It notes its exit code before it ends.
    """
    if not hasattr(signal, "sigwaitinfo") or threading.active_count() > 1:
        _run(command)
    passed_on = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, it would not tell of the child's end
    state = ProcessState()
    reader, writer = os.pipe()
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {*passed_on, signal.SIGCHLD})
    parent, child = os.getpid(), os.fork()
    if not child:
        os.close(writer)
        _die_with(parent, reader)
        share(state)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        _run(command)
    os.close(reader)
    status = _wait(child, passed_on)
    os._exit(_exit_code(status, state))


def _run(command: Callable[[], NoReturn]) -> NoReturn:
    """Run the command. It handles its own errors; here is told what keeps it from starting."""
    code, message = int(ExitCode.CANNOT_CHECK), ""
    try:
        command()
    except KeyboardInterrupt:
        code, message = INTERRUPTED, "interrupted"
    except BaseException as error:  # noqa: BLE001  (of whatever sort: it must not exit with 1)
        message = f"cannot start: {type(error).__name__}: {error}\nInstall driftcheck again."
    finally:
        _tell(message)
        note_exit_code(code)
        os._exit(code)


def _die_with(parent: int, reader: int) -> None:
    """Have the system kill this process when its parent is gone: nobody else would end it.

    Only Linux can do that. The parent holds the other end of the pipe, and never writes to it.
    """
    import fcntl  # noqa: PLC0415  (Windows has none)

    if hasattr(fcntl, "F_SETSIG"):
        fcntl.fcntl(reader, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(reader, fcntl.F_SETSIG, signal.SIGKILL)
        flags = fcntl.fcntl(reader, fcntl.F_GETFL)
        fcntl.fcntl(reader, fcntl.F_SETFL, flags | os.O_ASYNC)
        if os.getppid() != parent:  # it was gone before that
            os._exit(ExitCode.CANNOT_CHECK)


def _wait(child: int, passed_on: Iterable[int]) -> int:
    """Wait for the end of the child, and pass signals on to it.

    A signal of the terminal goes to all processes of its group, so the child has it already.

    Returns:
        Its exit status; the negative number of the signal that has ended it.
    """
    asked = set()
    while True:
        signalled = signal.sigwaitinfo({*passed_on, signal.SIGCHLD})
        if signalled.si_signo == signal.SIGCHLD:
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                break
            continue
        asked.add(signalled.si_signo)
        from_a_process = signalled.si_code <= 0
        with suppress(ProcessLookupError):
            if from_a_process or os.getpgid(child) != os.getpgrp():
                os.kill(child, signalled.si_signo)
    code = os.waitstatus_to_exitcode(status)
    if -code in asked:
        _die_of(-code)
    return code


def _die_of(number: int) -> None:
    """Die of the signal that somebody has sent to end both processes, as without a supervisor."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})


def _exit_code(status: int, state: ProcessState) -> int:
    """Write what the child could not write, and say which exit code that makes."""
    code = state.exit_code
    if state.has_spinner:
        _write(_STDERR, _SPINNER_REMOVED)
    if code is None:
        _stop_servers(state)
        _tell(_reason(status, state.doing))
        code = ExitCode.CANNOT_CHECK
    _write(_STDERR, state.output[_STDERR])
    if not _write(_STDOUT, state.output[_STDOUT]):
        code = ExitCode.CANNOT_CHECK
    return code


def _reason(status: int, doing: str) -> str:
    """Say how the child has ended, and what to do next."""
    during = f" while {doing}" if doing else ""
    if status >= 0:
        return (
            f"the project's code ended the process with os._exit({status}){during}\n"
            f"Remove that call where Alembic runs the code. {_RERUN}"
            if doing
            else f"the process ended with exit status {status} before the command had finished\n"
            f"{_RERUN}"
        )
    name = _name_of(-status)
    if name in _CRASHES:
        hint = "A library written in C has crashed. With --debug, driftcheck shows where."
    elif name == "SIGKILL":
        hint = "The system does that when memory is used up; its log then says so."
    else:
        hint = "The project's code, or another process, has sent it."
    return f"the process was ended by the signal {name}{during}\n{hint} {_RERUN}"


def _name_of(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return str(number)


def _stop_servers(state: ProcessState) -> None:
    """Stop the private servers of the child; they shut down by themselves."""
    for pid_file in state.servers:
        with suppress(OSError, ValueError):
            number = int(pid_file.read_text(encoding="ascii").splitlines()[0])
            os.kill(number, signal.SIGINT)


def _tell(message: str) -> None:
    if message:
        _write(_STDERR, f"driftcheck: {masked(message)}\n".encode(errors="backslashreplace"))


def _write(descriptor: int, data: bytes) -> bool:
    """Write to this process's own stdout or stderr; whether that was possible."""
    try:
        while data:
            data = data[os.write(descriptor, data) :]
    except OSError:
        return False
    return True
