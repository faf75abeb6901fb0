"""The environment of libpq and of child processes while user code may run.

Only the environment of the C library is changed. Python code reads ``os.environ``, which is a copy
and stays unchanged.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from driftcheck.databases.postgresql.libpq import PLACE_VARIABLES
from driftcheck.project.interception.urls import NOWHERE, without_database

_OPTIONS = "PGOPTIONS"
_READ_ONLY = " -c default_transaction_read_only=on"
# libpq connects to PGHOSTADDR if a connection has no hostaddr parameter, whatever its host is. This
# value is not a valid address, so such a connection fails before anything is sent.
_NOWHERE = {"PGHOST": f"/{NOWHERE}", "PGHOSTADDR": NOWHERE}


class Environment:
    """The environment of the C library. ``hide_databases`` changes it, ``restore`` restores it."""

    def __init__(self) -> None:
        self._changed: set[str] = set()

    def hide_databases(self) -> None:
        """Remove live databases from the environment.

        This is repeated whenever user code may have set variables.
        """
        ours = of_children(os.environ)
        for name in {*self._changed, *PLACE_VARIABLES.values(), _OPTIONS, *os.environ}:
            if ours.get(name) != os.environ.get(name) or name in self._changed:
                self._changed.add(name)
                _put(name, ours.get(name))

    def restore(self) -> None:
        """Set the environment of the C library to the current ``os.environ``."""
        for name in self._changed:
            _put(name, os.environ.get(name))
        self._changed.clear()


def of_children(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment for a child process, without database URLs and libpq's variables."""
    kept = {
        name: without_database(value)
        for name, value in environment.items()
        if name not in PLACE_VARIABLES.values()
    }
    return kept | _NOWHERE | {_OPTIONS: environment.get(_OPTIONS, "") + _READ_ONLY}


def with_shadow(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a client whose arguments name a shadow: it may write there."""
    options = environment.get(_OPTIONS, "").removesuffix(_READ_ONLY)
    kept = {name: value for name, value in environment.items() if name not in _NOWHERE}
    return kept | {_OPTIONS: options}


def _put(name: str, value: str | None) -> None:
    if value is None:
        os.unsetenv(name)
    else:
        os.putenv(name, value)
