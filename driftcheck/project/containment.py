"""Runs the project's own code so that nothing it prints, changes or raises reaches the report."""

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
from driftcheck.process.interrupt import interruption
from driftcheck.process.masking import masked
from driftcheck.process.state import note_exit_code, noted

_TAIL_CHARACTERS = 2000
_LONGEST_SECRET = 2048
"""In characters. So much more is read than is told, since half a password would not be masked."""
_INPUT, _OUTPUT, _ERRORS = 0, 1, 2
_OUTPUT_STREAMS = "stdout", "stderr", "__stdout__", "__stderr__"


@contextmanager
def contained(doing: str, *, root: Path, command: str = "") -> Iterator[None]:
    """Contain user code: output, exits, exceptions, logging, working directory.

    Args:
        doing: What is being done, for the message: ``importing the app``.
        root: The project's directory: the code runs there, and frames of files within it are
            the user's own.
        command: The command that the code is to believe it runs under.

    Raises:
        ProjectError: The code failed or called ``sys.exit``; the details say in which file and
            line, and end with what it printed.
    """
    with noted(doing), _output_captured() as output, _surroundings_kept(), _forks_ended():
        os.chdir(root)
        sys.argv = command.split() or sys.argv[:1]
        try:
            yield
        except (DriftcheckError, Interrupted):
            raise
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt) and not streams.are_kept():
                raise  # without the command line, it is how Python tells of a signal
            raise _as_project_error(error, doing, root, output.tail()) from error


@contextmanager
def _forks_ended() -> Iterator[None]:
    """End a process that user code has forked and let return: it is not to make a report too."""
    process = os.getpid()
    try:
        yield
    finally:
        if os.getpid() != process:
            os._exit(0)


def _as_project_error(error: BaseException, doing: str, root: Path, said: str) -> ProjectError:
    while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
        error = error.exceptions[0]
    what = (
        f"it called sys.exit({error.code!r})"
        if isinstance(error, SystemExit)
        else f"{type(error).__name__}: {_first_line(error)}"
    )
    line = place_of_failure(error, root)
    return ProjectError(
        f"{doing} failed: {what}",
        hint=f"The failure is in {line}." if line else "With --debug, driftcheck shows where.",
        details=said,
    )


def _first_line(error: BaseException) -> str:
    try:
        return next(iter(str(error).splitlines()), "")
    except Exception:  # noqa: BLE001  (its class is the project's)
        return "its message cannot be shown"


def place_of_failure(error: BaseException, root: Path) -> str:
    """The file and line of the project's own code that an exception went through last."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, root)}, line {error.lineno}"
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if is_own(frame.filename, root)]
    if not own:
        return ""
    return f"{_relative(own[-1].filename, root)}, line {own[-1].lineno}"


def is_own(filename: str, root: Path) -> bool:
    """Whether a file is the project's own code, not a library's installed below it."""
    path = _absolute(filename, root)
    if filename.startswith("<"):  # of no file: <string>, <frozen os>
        return False
    return path.is_relative_to(root.resolve()) and "site-packages" not in path.parts


def _relative(filename: str, root: Path) -> str:
    path, root = _absolute(filename, root), root.resolve()
    return str(path.relative_to(root)) if path.is_relative_to(root) else filename


def _absolute(filename: str, root: Path) -> Path:
    """A file as Alembic may name it: relative to where it ran."""
    return (root / filename).resolve()


def line_in(error: BaseException, file: str) -> int | None:
    """The line of a file that an exception went through last."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if Path(f.filename).resolve() == Path(file).resolve()]
    return lines[-1] if lines else None


class _Sink:
    """A file that takes what user code prints.

    One for the whole process: log handlers and threads hold on to the streams that they were
    given, and write to them when nothing is captured any more.
    """

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("a+b", buffering=0)  # noqa: SIM115
        self._status = os.fstat(self._file.fileno())
        self.stream: IO[str] = self._new_stream()
        self._start = 0

    def begin(self) -> int:
        """Begin to capture.

        The stream is a new one: what user code has wrapped around the last one closes it, be it
        as late as garbage is collected.
        """
        self.stream = self._new_stream()
        self._start = self._file.seek(0, os.SEEK_END)
        return self._file.fileno()

    @property
    def is_open(self) -> bool:
        """Whether its descriptor leads to it still: user code may close all that there are."""
        try:
            return os.path.samestat(os.fstat(self._file.fileno()), self._status)
        except OSError:
            return False

    def tail(self) -> str:
        """The end of what was printed since the beginning."""
        with suppress(Exception):
            self.stream.flush()
        if not self.is_open:
            return ""
        end = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(self._start, end - _TAIL_CHARACTERS - _LONGEST_SECRET))
        return masked(self._file.read().decode(errors="replace"))[-_TAIL_CHARACTERS:].strip()

    def _new_stream(self) -> IO[str]:
        # Whoever closes it closes no more than that.
        return open(
            self._file.fileno(),
            "a",
            buffering=1,
            encoding="utf-8",
            errors="replace",
            closefd=False,
        )


_sinks: list[_Sink] = []
"""The last one is used. The others stay: their descriptors may be another file's by now."""


@contextmanager
def _output_captured() -> Iterator[_Sink]:
    """Capture the standard streams, and their descriptors: child processes print too.

    There is nothing to read on stdin: a question that nobody sees must not wait for an answer.
    Where the process is the command line's, they stay captured when user code has run: a thread
    that it has left may print at any time.
    """
    sink = _open_sink()
    if streams.are_kept():
        _lead_all_to(sink)
        try:
            yield sink
        finally:
            _flush(*_streams_of_python())
            _lead_all_to(_open_sink())
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


def _lead_all_to(sink: _Sink) -> None:
    """Lead the standard streams and their descriptors to a sink, whatever they are now."""
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
    """The streams that Python has now; user code may have replaced or deleted them."""
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
    """Give user code streams of its own: it may wrap, detach or close them."""
    before = sys.stdin, sys.stdout, sys.stderr
    with open(os.devnull, encoding="utf-8") as nothing:  # noqa: PTH123
        sys.stdin, sys.stdout, sys.stderr = nothing, stream, stream
        try:
            yield
        finally:
            # The process's own, too: what was written there by name would come out later.
            _flush(*_streams_of_python(), *before[1:])
            sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def _surroundings_kept() -> Iterator[None]:
    """Give back the working directory, arguments, signals and loggers as they were."""
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
    return [logging.root, *(one for one in known if isinstance(one, logging.Logger))]


def _state(logger: logging.Logger) -> dict[str, object]:
    names = "handlers", "level", "disabled", "propagate"
    state = {name: getattr(logger, name) for name in names}
    return {**state, "handlers": logger.handlers.copy()}


def _restore_loggers(before: dict[logging.Logger, dict[str, object]]) -> None:
    """Take every handler away that user code has put on: it may write to the real stdout."""
    for logger in _loggers():
        vars(logger).update(before.get(logger, {"handlers": []}))
        logger.setLevel(logger.level)  # forgets what it remembers of its level


TellError = Callable[[DriftcheckError], None]
_owner: list[TellError] = []
_last_tasks: list[Callable[[], None]] = []


def own_process(tell: TellError) -> None:
    """Say that this process is driftcheck's alone: hooks stay on to its end.

    Args:
        tell: Told, when the process ends, of what was refused and nobody was told of.
    """
    _owner[:] = [tell]


def at_the_end(task: Callable[[], None]) -> None:
    """Have something done when ``leave`` has run all that user code has registered."""
    _last_tasks.append(task)


def process_owner() -> TellError | None:
    """What ``own_process`` was given; ``None`` in a process that goes on after a check."""
    return _owner[0] if _owner else None


def leave(code: int) -> NoReturn:
    """End the process, whatever threads user code has left, and take nothing apart first.

    To free what a large application has made takes seconds, and the system does it at once.
    """
    atexit.register(_silence)  # runs before what user code has registered
    _flush(streams.out(), streams.err())
    note_exit_code(code)
    try:
        atexit._run_exitfuncs()  # noqa: SLF001  (as an exit does that waits for threads)
        for task in _last_tasks:
            with suppress(Exception):
                task()
    finally:
        os._exit(code)


def _silence() -> None:
    """Let nothing follow the report."""
    with suppress(Exception):
        sys.stdout.flush()
    with open(os.devnull, "wb") as nowhere:  # noqa: PTH123
        os.dup2(nowhere.fileno(), _OUTPUT)
