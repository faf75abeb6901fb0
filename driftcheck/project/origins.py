"""Says where a file comes from: Python, an installed package, driftcheck, or the project."""

from __future__ import annotations

import os
import sysconfig
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from importlib.util import source_from_cache
from pathlib import Path
from types import CodeType, FrameType

import driftcheck

_DRIFTCHECK = str(Path(driftcheck.__file__).parent) + os.sep
_FINDS_PROJECT = f"{_DRIFTCHECK}project{os.sep}loading.py"
"""It reads what the commands of Alembic and Flask read to find the project."""
_PASSES_ON = f"{_DRIFTCHECK}project{os.sep}interception{os.sep}"
"""Its wrappers are between the project's code and what that code calls."""
_PACKAGE_DIRECTORIES = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")
_PYTHON = tuple(
    {sysconfig.get_path(name) + os.sep for name in ("stdlib", "platstdlib")} | {"<frozen "}
)
_UP = f"{os.sep}..{os.sep}"


@cache
def is_of_python(path: str) -> bool:
    """Return whether a path is in the standard library.

    The directory of the interpreter does not count: with that of Linux, it is ``/usr``.
    """
    return path.startswith(_PYTHON) and not is_installed(path) and _UP not in path


@cache
def is_installed(path: str) -> bool:
    """Return whether a path is in an installed package."""
    return any(directory in path for directory in _PACKAGE_DIRECTORIES)


@cache
def is_of_driftcheck(file: str) -> bool:
    """Return whether code reads on driftcheck's own account, given the file of the code."""
    return file.startswith(_DRIFTCHECK) and file != _FINDS_PROJECT


@cache
def is_of_project(path: str) -> bool:
    """Return whether a path is neither of Python, an installed package, nor driftcheck."""
    outside = is_of_python(path) or is_installed(path)
    return not outside and not path.startswith(_DRIFTCHECK)


def readers(frame: FrameType) -> Iterator[CodeType]:
    """Yield the code on the stack, from the inside, except that of Python, which reads for others.

    Args:
        frame: The frame of the function that reads.
    """
    outer: FrameType | None = frame
    while outer is not None:
        if not is_of_python(outer.f_code.co_filename):
            yield outer.f_code
        outer = outer.f_back


def caller_of_wrappers(frame: FrameType) -> FrameType:
    """Return the frame that has called the wrappers of ``interception``, if these call a function.

    Args:
        frame: The frame of the function.
    """
    while frame.f_back is not None:
        file = frame.f_code.co_filename
        if not is_of_python(file) and not file.startswith(_PASSES_ON):
            break
        frame = frame.f_back
    return frame


def absolute(path: object) -> str | None:
    """Return an absolute path; ``None`` for a file descriptor, and for what is no path.

    The path is not normalized, because ``..`` after a symbolic link leads elsewhere.
    """
    if not isinstance(path, (str, bytes, os.PathLike)):
        return None
    text = os.fsdecode(path)
    return text if os.path.isabs(text) else os.path.join(os.getcwd(), text)  # noqa: PTH109, PTH117, PTH118


def source_of(path: str) -> str:
    """Return the source file of a compiled file; any other path as it is."""
    if path.endswith(".pyc"):
        with suppress(ValueError, NotImplementedError):
            return source_from_cache(path)
    return path
