"""Finds the line of the project or the database driver that is on the stack."""

from __future__ import annotations

import sys
import sysconfig
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import driftcheck
from driftcheck.project.containment import is_own

_DRIVERS = frozenset(
    """
    asyncmy asyncpg aiomysql aiopg aioodbc mariadb mysql MySQLdb oracledb pg8000 psycopg psycopg2
    psycopg2cffi psqlpy pymssql pymysql pyodbc
    """.split()
)
_DRIFTCHECK = Path(driftcheck.__file__).parent
_LIBRARIES = tuple(
    {str(Path(sysconfig.get_path(name))) for name in ("stdlib", "purelib", "platlib")}
)


def line_of_project(root: Path) -> str:
    """Return the project's innermost line on the stack of this thread, or of the main thread.

    A driver may connect in a separate thread while the main thread waits.

    Args:
        root: The project's directory.

    Returns:
        Such as ``migrations/env.py, line 12``; empty if no line of the project is found.
    """
    here = _own_line(sys._getframe(1), root)  # noqa: SLF001  (the only way to the stack)
    if here:
        return here
    ident = threading.main_thread().ident
    main = sys._current_frames().get(ident or 0)  # noqa: SLF001
    line = _own_line(main, root) if main is not None else ""
    return f"{line}, in another thread" if line else ""


def driver_on_stack() -> str:
    """Return the database driver on the stack of this thread; empty if there is none."""
    for frame in _outwards(sys._getframe(1)):  # noqa: SLF001
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in _DRIVERS:
            return package
    return ""


def _own_line(frame: FrameType, root: Path) -> str:
    for outer in _outwards(frame):
        file = outer.f_code.co_filename
        path = (root / file).resolve()
        if is_own(file, root) and path.exists():  # C extensions may name missing source files
            return f"{path.relative_to(root.resolve())}, line {outer.f_lineno}"
    for outer in _outwards(frame):  # the migrations may be outside of the project's directory
        file = outer.f_code.co_filename
        is_program = outer.f_globals.get("__name__") == "__main__"
        if not is_program and Path(file).is_absolute() and not _is_library(file):
            return f"{file}, line {outer.f_lineno}"
    return ""


def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES) or Path(file).is_relative_to(_DRIFTCHECK)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
