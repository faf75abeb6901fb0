"""Finds on the stack who does something: a line of the project, a database driver."""

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
    """The project's innermost line on this thread's stack, or else on the main thread's.

    A driver may connect in a thread of its own, for which the main thread waits.

    Args:
        root: The project's directory.

    Returns:
        Such as ``migrations/env.py, line 12``; empty where no line of the project is there.
    """
    here = _own_line(sys._getframe(1), root)  # noqa: SLF001  (the only way to the stack)
    if here:
        return here
    ident = threading.main_thread().ident
    main = sys._current_frames().get(ident or 0)  # noqa: SLF001
    line = _own_line(main, root) if main is not None else ""
    return f"{line}, in another thread" if line else ""


def driver_on_stack() -> str:
    """The database driver that is at work in this thread; empty where none is."""
    for frame in _outwards(sys._getframe(1)):  # noqa: SLF001
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package in _DRIVERS:
            return package
    return ""


def _own_line(frame: FrameType, root: Path) -> str:
    for one in _outwards(frame):
        file = one.f_code.co_filename
        path = (root / file).resolve()
        if is_own(file, root) and path.exists():  # extensions name sources that are not there
            return f"{path.relative_to(root.resolve())}, line {one.f_lineno}"
    for one in _outwards(frame):  # a directory of migrations may be elsewhere
        file = one.f_code.co_filename
        is_program = one.f_globals.get("__name__") == "__main__"
        if not is_program and Path(file).is_absolute() and not _is_library(file):
            return f"{file}, line {one.f_lineno}"
    return ""


def _is_library(file: str) -> bool:
    return file.startswith(_LIBRARIES) or Path(file).is_relative_to(_DRIFTCHECK)


def _outwards(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
