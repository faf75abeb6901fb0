"""Plays the catalogue to one tool, and finds out of which cases it says anything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from importlib import import_module
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.pool import NullPool

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from tests.databases.postgresql.catalog.cases import (
    Case,
    base_statements,
    grouped,
    make_tablespace,
    read_cases,
)

MAJOR = 16
"""The newest server that every tool can read."""

_TOGETHER = 8


def cases_of(families: Sequence[str], one_in: int) -> list[Case]:
    """The cases that are played.

    Args:
        families: Of which files; none for all.
        one_in: How many stand in a row of which one is played; 1 for all.
    """
    known = [case for case in read_cases() if case.runs_on(MAJOR)]
    wanted = families or dict.fromkeys(case.family for case in known)
    return [
        case
        for family in wanted
        for case in [case for case in known if case.family == family][::one_in]
    ]


def play(name: str, cases: Sequence[Case]) -> dict[str, str]:
    """Play cases to a tool.

    Args:
        name: The tool's module.
        cases: What is played.

    Returns:
        Of each case, as ``columns.sql:3``, whether the tool ``hears`` it, is ``silent``, or
        ``stops`` with an error of its own.
    """
    module = import_module(f"benchmarks.detection.tools.{name}")
    with _base() as (maker, shadow):
        shadow_set = _Stage(module, maker, shadow)
        return {
            str(case): how
            for family in dict.fromkeys(case.family for case in cases)
            for group in grouped([case for case in cases if case.family == family])
            for some in _shares(group)
            for case, how in shadow_set.heard(some)
        }


def _shares(cases: Sequence[Case]) -> Iterator[Sequence[Case]]:
    for start in range(0, len(cases), _TOGETHER):
        yield cases[start : start + _TOGETHER]


@contextmanager
def _base() -> Iterator[tuple[PrivateMaker, Any]]:
    installation = next(one for one in embedded_installations() if one.major == MAJOR)
    with PrivateMaker("The benchmark.", installation, None) as maker:
        shadow = maker.make("base", None)
        with closing(connect(shadow.url)) as connection:
            connection.autocommit = True
            make_tablespace(connection.cursor())
            for statements in base_statements(MAJOR):
                connection.cursor().execute(statements)
        yield maker, shadow


class _Stage:
    """The base, a tool that has seen it, and what it says of it."""

    def __init__(self, module: Any, maker: PrivateMaker, shadow: Any) -> None:
        self._module, self._maker, self._shadow = module, maker, shadow
        self._before = getattr(module, "BEFORE", None)
        with self._touched(()) as connection:
            self._tool = module.Tool(connection)
        self._untouched: dict[bool, str] = {}
        for asked in (False, True):
            with self._touched(()) as connection:
                self._untouched[asked] = self._tool.says(connection, privileges=asked)

    def heard(self, cases: Sequence[Case]) -> Iterator[tuple[Case, str]]:
        """Say of each case what comes of it: of all at once, where all are silent."""
        silent = len(cases) > 1 and self._together(cases) == "silent"
        yield from ((case, "silent" if silent else self._together([case])) for case in cases)

    def _together(self, cases: Sequence[Case]) -> str:
        asked = cases[0].privileges
        try:
            with self._touched(cases) as connection:
                said = self._tool.says(connection, privileges=asked)
        except Exception:  # noqa: BLE001  (whatever a tool raises, it has stopped)
            return "stops"
        return "silent" if said == self._untouched[asked] else "hears"

    @contextmanager
    def _touched(self, cases: Sequence[Case]) -> Iterator[Connection]:
        """A connection to the base after what the cases do, which is taken back afterwards."""
        committed = self._module.COMMITTED and cases
        shadow = self._maker.make("case", self._shadow) if committed else self._shadow
        engine = create_engine(shadow.url, poolclass=NullPool)
        event.listen(engine, "connect", _look_at_school)
        try:
            with engine.connect() as connection:
                for statements in (self._before, *(case.statements for case in cases)):
                    if statements:
                        connection.connection.cursor().execute(statements)
                if committed:
                    connection.connection.commit()
                yield connection
        finally:
            engine.dispose()
            if committed:
                shadow.drop()


def _look_at_school(connection: Any, _record: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("set search_path = school, public")
    connection.commit()
