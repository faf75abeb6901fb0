"""Runs the project's own code so that nothing it prints, changes or raises reaches the report."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from driftcheck.errors import DriftcheckError, ProjectError

_TAIL_CHARACTERS = 2000


@contextmanager
def contained(doing: str, *, root: Path) -> Iterator[None]:
    """Contain user code: output, exits, exceptions, logging, working directory.

    Args:
        doing: What is being done, for the message: ``importing the app``.
        root: The project's directory; frames of files within it are the user's own.

    Raises:
        ProjectError: The code failed or called ``sys.exit``; the details say in which file and
            line, and end with what it printed.
    """
    with _output_captured() as output, _surroundings_kept():
        try:
            yield
        except (DriftcheckError, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001  (SystemExit and what else user code raises)
            raise _as_project_error(error, doing, root, _tail(output)) from error


def _as_project_error(error: BaseException, doing: str, root: Path, said: str) -> ProjectError:
    what = (
        f"it called sys.exit({error.code!r})"
        if isinstance(error, SystemExit)
        else f"{type(error).__name__}: {_first_line(error)}"
    )
    place = place_of_failure(error, root)
    return ProjectError(
        f"{doing} failed: {what}",
        hint=f"The failure is in {place}." if place else "",
        details=said,
    )


def _first_line(error: BaseException) -> str:
    return next(iter(str(error).splitlines()), "")


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
    path = Path(filename)
    return path.is_relative_to(root) and "site-packages" not in path.parts


def _relative(filename: str, root: Path) -> str:
    path = Path(filename)
    return str(path.relative_to(root)) if path.is_relative_to(root) else filename


@contextmanager
def _output_captured() -> Iterator[IO[bytes]]:
    """Send file descriptors 1 and 2 to a file: child processes and C libraries print too."""
    with tempfile.TemporaryFile() as output:
        _flush()
        saved = os.dup(1), os.dup(2)
        try:
            os.dup2(output.fileno(), 1)
            os.dup2(output.fileno(), 2)
            yield output
        finally:
            _flush()
            for descriptor, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, descriptor)
                os.close(copy)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _tail(output: IO[bytes]) -> str:
    _flush()
    size = output.seek(0, os.SEEK_END)
    output.seek(max(0, size - _TAIL_CHARACTERS))
    return output.read().decode(errors="replace").strip()


@contextmanager
def _surroundings_kept() -> Iterator[None]:
    """Give back the working directory, the streams and the root logger as they were."""
    directory = Path.cwd()
    streams = sys.stdout, sys.stderr
    root = logging.getLogger()
    handlers, level, disabled = root.handlers[:], root.level, logging.root.manager.disable
    try:
        with warnings.catch_warnings():
            yield
    finally:
        sys.stdout, sys.stderr = streams
        os.chdir(directory)
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.disable(disabled)


def line_in(error: BaseException, file: str) -> int | None:
    """The line of a file that an exception went through last."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f.lineno for f in frames if Path(f.filename).resolve() == Path(file).resolve()]
    return lines[-1] if lines else None
