"""Runs the project's code, and keeps its output, exceptions and side effects from the report."""

from __future__ import annotations

import atexit
import logging
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

from driftcheck.errors import DriftcheckError, Interrupted, ProjectError
from driftcheck.process import streams
from driftcheck.process.exception_text import exception_lines
from driftcheck.process.interrupt import interruption
from driftcheck.process.masking import masked
from driftcheck.process.state import note_exit_code, noted
from driftcheck.project.failure_hints import hint_for

_TAIL_CHARACTERS = 2000
_LONGEST_SECRET = 2048
"""In characters. More output is read than shown, so that no password is cut in half."""
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_OUTPUT_STREAMS = "stdout", "stderr", "__stdout__", "__stderr__"


@contextmanager
def contained(doing: str, *, root: Path, command: str = "") -> Iterator[None]:
    """Contain user code: output, exits, exceptions, logging, working directory.

    Args:
        doing: The activity, for messages, such as ``importing the app``.
        root: The project's directory. The code runs there, and stack frames of files in it belong
            to the project.
        command: The command line that the code finds in ``sys.argv``.

    Raises:
        ProjectError: The code failed or called ``sys.exit``. The hint names the file and the line,
            the details are the end of the code's output.
    """
    with noted(doing), _output_captured() as output, _process_state_restored(), _forks_ended():
        os.chdir(root)
        sys.argv = command.split() or sys.argv[:1]
        try:
            yield
        except (DriftcheckError, Interrupted):
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not streams.are_kept():
                raise  # outside of the command line, Python reports SIGINT by this exception
            raise _as_project_error(error, doing, root, output.tail()) from error


@contextmanager
def failures_named(doing: str, *, root: Path) -> Iterator[None]:
    """Name another activity in the message of a failure, within ``contained``.

    Args:
        doing: The activity, for messages.
        root: The project's directory.

    Raises:
        ProjectError: The code failed or called ``sys.exit``.
    """
    try:
        yield
    except (DriftcheckError, Interrupted, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise _as_project_error(error, doing, root, _open_sink().tail()) from error


@contextmanager
def _forks_ended() -> Iterator[None]:
    """End a process that user code has forked and that returns here. Only the parent reports."""
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(0)


def _as_project_error(error: BaseException, doing: str, root: Path, output: str) -> ProjectError:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    reason, *more = exception_lines(error)
    if isinstance(error, SystemExit):
        reason, more = f"the code called sys.exit({error.code!r})", []
    line = location_of_failure(error, root)
    where = f"The failure is in {line}." if line else "Use --debug to see the traceback."
    hint = hint_for(error)
    return ProjectError(
        f"{doing} failed: {reason}",
        hint=f"{where} {hint}".strip(),
        details="\n".join(filter(None, (masked("\n".join(more)), output))),
    )


def location_of_failure(error: BaseException, root: Path) -> str:
    """Return the file and line of the innermost frame of the project's code in a traceback.

    Args:
        error: The exception. For a syntax error, the location is that of the error.
        root: The project's directory.

    Returns:
        Such as ``migrations/env.py, line 12``; empty if no frame belongs to the project.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, root)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_own(frame.filename, root)]
    if not own:
        return ""
    return f"{_relative(own[-1].filename, root)}, line {own[-1].lineno}"


def is_own(filename: str, root: Path) -> bool:
    """Return whether a file belongs to the project, and not to a library installed below it."""
    path = _absolute(filename, root)
    if filename.startswith("<"):  # no file: <string>, <frozen os>
        return False
    return path.is_relative_to(root.resolve()) and "site-packages" not in path.parts


def _relative(filename: str, root: Path) -> str:
    path, root = _absolute(filename, root), root.resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else filename


def _absolute(filename: str, root: Path) -> Path:
    """Return the absolute path of a file. Alembic may name files relative to the root."""
    return (root / filename).resolve()


def line_in(error: BaseException, file: str) -> int | None:
    """Return the line of the innermost frame of a file in a traceback; ``None`` if it has none."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if Path(f.filename).resolve() == Path(file).resolve()]
    return lines[-1] if lines else None


class _Sink:
    """A file that receives the output of user code.

    The whole process shares a sink: log handlers and threads keep their streams, and may write to
    them after the capture has ended. So its descriptor belongs to no object that closes it.
    """

    def __init__(self) -> None:
        with tempfile.TemporaryFile(buffering=0) as file:
            self._descriptor = os.dup(file.fileno())
        self._status = os.fstat(self._descriptor)
        self.stream: IO[str] = self._new_stream()
        self._start = 0

    def begin(self) -> int:
        """Begin to capture, with a new stream.

        An object that user code has wrapped around the previous stream may close that stream at any
        time, for example when it is garbage-collected.

        Returns:
            The descriptor of the file.
        """
        self.stream = self._new_stream()
        self._start = os.lseek(self._descriptor, 0, os.SEEK_END)
        return self._descriptor

    @property
    def is_open(self) -> bool:
        """Whether the descriptor still refers to the file. User code may close all descriptors."""
        try:
            return os.path.samestat(os.fstat(self._descriptor), self._status)
        except OSError:
            return False

    def tail(self) -> str:
        """Return the end of the output since ``begin``, with passwords masked."""
        with suppress(Exception):
            self.stream.flush()
        if not self.is_open:
            return ""
        end = os.lseek(self._descriptor, 0, os.SEEK_END)
        start = max(self._start, end - _TAIL_CHARACTERS - _LONGEST_SECRET)
        text = os.pread(self._descriptor, end - start, start).decode(errors="replace")
        return masked(text)[-_TAIL_CHARACTERS:].strip()

    def _new_stream(self) -> IO[str]:
        # With closefd=False, user code that closes the stream does not close the file.
        return open(
            self._descriptor,
            "a",
            buffering=1,
            encoding="utf-8",
            errors="replace",
            closefd=False,
        )


_sinks: list[_Sink] = []
"""The last sink is used. Earlier sinks are kept open: their descriptors may be reused by now."""


@contextmanager
def _output_captured() -> Iterator[_Sink]:
    """Capture the standard streams and their descriptors, which child processes inherit.

    stdin is empty, so that a prompt that nobody sees does not wait for an answer. In the process of
    the command line, the streams stay captured afterwards: a thread of user code may print at any
    time.
    """
    sink = _open_sink()
    if streams.are_kept():
        _point_streams_at(sink)
        try:
            yield sink
        finally:
            _flush(*_streams_of_python())
            _point_streams_at(_open_sink())
        return
    with ExitStack() as stack:
        _flush(sys.stdout, sys.stderr)
        stack.enter_context(_redirected(_INPUT, os.open(os.devnull, os.O_RDONLY)))
        file = sink.begin()
        stack.enter_context(_redirected(_OUTPUT, os.dup(file)))
        stack.enter_context(_redirected(_ERRORS, os.dup(file)))
        stack.enter_context(_streams_replaced(sink.stream))
        yield sink


def _open_sink() -> _Sink:
    if not (_sinks and _sinks[-1].is_open):
        _sinks.append(_Sink())
    return _sinks[-1]


def _point_streams_at(sink: _Sink) -> None:
    """Connect the standard streams and their descriptors to a sink, whatever they are now."""
    file = sink.begin()
    nothing = os.open(os.devnull, os.O_RDONLY)
    for to, descriptor in ((nothing, _INPUT), (file, _OUTPUT), (file, _ERRORS)):
        os.dup2(to, descriptor)
    if nothing > _ERRORS:
        os.close(nothing)
    sys.stdin = open(_INPUT, encoding="utf-8", closefd=False)  # noqa: SIM115
    for name in _OUTPUT_STREAMS:
        setattr(sys, name, sink.stream)


def _streams_of_python() -> list[IO[str] | None]:
    """Return the current streams of ``sys``. User code may have replaced or deleted them."""
    return [getattr(sys, name, None) for name in _OUTPUT_STREAMS]


def _flush(*used: IO[str] | None) -> None:
    for stream in used:
        with suppress(Exception):
            stream.flush()  # type: ignore[union-attr]


@contextmanager
def _redirected(descriptor: int, to: int) -> Iterator[None]:
    saved = os.dup(descriptor)
    os.dup2(to, descriptor)
    os.close(to)
    try:
        yield
    finally:
        os.dup2(saved, descriptor)
        os.close(saved)


@contextmanager
def _streams_replaced(stream: IO[str]) -> Iterator[None]:
    """Replace the streams of ``sys`` while user code runs: it may wrap, detach or close them."""
    before = sys.stdin, sys.stdout, sys.stderr
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123
        sys.stdin, sys.stdout, sys.stderr = nothing, stream, stream
        try:
            yield
        finally:
            # The previous streams too: text that user code wrote to them would appear later.
            _flush(*_streams_of_python(), *before[1:])
            sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def _process_state_restored() -> Iterator[None]:
    """Restore the working directory, the arguments, signal handlers and loggers."""
    with ExitStack() as stack:
        stack.callback(os.chdir, Path.cwd())
        stack.callback(setattr, sys, "argv", sys.argv)
        stack.callback(setattr, sys, "excepthook", sys.excepthook)
        stack.callback(logging.disable, logging.root.manager.disable)
        stack.enter_context(interruption.guarded())
        stack.callback(_restore_loggers, {logger: _state(logger) for logger in _loggers()})
        stack.enter_context(warnings.catch_warnings())
        yield


def _loggers() -> list[logging.Logger]:
    known = logging.root.manager.loggerDict.copy().values()
    return [logging.root, *(logger for logger in known if isinstance(logger, logging.Logger))]


def _state(logger: logging.Logger) -> dict[str, object]:
    names = "handlers", "level", "disabled", "propagate"
    state = {name: getattr(logger, name) for name in names}
    return {**state, "handlers": logger.handlers.copy()}


def _restore_loggers(before: dict[logging.Logger, dict[str, object]]) -> None:
    """Remove the handlers that user code has added: they may write to the real stdout."""
    for logger in _loggers():
        vars(logger).update(before.get(logger, {"handlers": []}))
        logger.setLevel(logger.level)  # clears the cache of enabled levels


ReportError = Callable[[DriftcheckError], None]
_owner: list[ReportError] = []
_exit_tasks: list[Callable[[], None]] = []


def own_process(report: ReportError) -> None:
    """Declare that this process runs driftcheck only: the hooks stay installed until it ends.

    Args:
        report: Called at the end of the process for each refusal that was not reported before.
    """
    _owner[:] = [report]


def at_the_end(task: Callable[[], None]) -> None:
    """Register a task that ``exit_process`` runs after the exit handlers of user code."""
    _exit_tasks.append(task)


def process_owner() -> ReportError | None:
    """Return the argument of ``own_process``; ``None`` in a program that imports driftcheck."""
    return _owner[0] if _owner else None


def exit_process(code: int) -> NoReturn:
    """Run the exit handlers, and end the process without waiting for threads of user code.

    Objects are not freed first: for a large application, that takes seconds.
    """
    atexit.register(_silence)  # runs before the handlers that user code has registered
    _flush(streams.out(), streams.err())
    note_exit_code(code)
    try:
        atexit._run_exitfuncs()  # noqa: SLF001  (as a normal exit does)
        for task in _exit_tasks:
            with suppress(Exception):
                task()
    finally:
        os._exit(code)


def _silence() -> None:
    """Discard all further output, so that nothing follows the report."""
    with suppress(Exception):
        sys.stdout.flush()
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), _OUTPUT)
