"""What libpq and child processes find in the environment while user code may run.

Only the environment of the C library is changed. Python code reads ``os.environ``, which is a copy,
and finds there what it always does.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from driftcheck.databases.postgresql.libpq import PLACE_VARIABLES
from driftcheck.project.interception.urls import NOWHERE, leading_nowhere

_OPTIONS = "PGOPTIONS"
_READ_ONLY = " -c default_transaction_read_only=on"
# libpq connects to PGHOSTADDR wherever a connection is not explicit about hostaddr, whatever host
# it names: this is no address, so such a connection fails before anything is sent.
_NOWHERE = {"PGHOST": f"/{NOWHERE}", "PGHOSTADDR": NOWHERE}


class Environment:
    """The environment of the C library, changed by ``lead_nowhere`` and put back by ``restore``."""

    def __init__(self) -> None:
        self._changed: set[str] = set()

    def lead_nowhere(self) -> None:
        """Show libpq and children no way to a live database; again when code may have set one."""
        ours = of_children(os.environ)
        for name in {*self._changed, *PLACE_VARIABLES.values(), _OPTIONS, *os.environ}:
            if ours.get(name) != os.environ.get(name) or name in self._changed:
                self._changed.add(name)
                _put(name, ours.get(name))

    def restore(self) -> None:
        """Give the C library what ``os.environ`` says by now."""
        for name in self._changed:
            _put(name, os.environ.get(name))
        self._changed.clear()


def of_children(environment: Mapping[str, str]) -> dict[str, str]:
    """An environment for a child: URLs lead nowhere, and libpq's variables are not there."""
    kept = {
        name: leading_nowhere(value)
        for name, value in environment.items()
        if name not in PLACE_VARIABLES.values()
    }
    return kept | _NOWHERE | {_OPTIONS: environment.get(_OPTIONS, "") + _READ_ONLY}


def with_shadow(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a client that is told of a shadow by its arguments: it may write there."""
    options = environment.get(_OPTIONS, "").removesuffix(_READ_ONLY)
    kept = {name: value for name, value in environment.items() if name not in _NOWHERE}
    return kept | {_OPTIONS: options}


def _put(name: str, value: str | None) -> None:
    if value is None:
        os.unsetenv(name)
    else:
        os.putenv(name, value)
