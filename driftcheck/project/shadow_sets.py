"""The shadow databases of one purpose: one for each database that user code connects to."""

from __future__ import annotations

import threading
from collections.abc import Callable

from sqlalchemy.engine import URL

from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.errors import DriftcheckError

MakeShadow = Callable[[URL, str], ShadowDatabase]
"""Creates the shadow of the database at a URL, for the shadow set with a name."""


class ShadowSet:
    """A shadow for each database that user code connects to.

    Args:
        name: The purpose of the shadows: ``import``, ``replay`` ...
        make: Creates a shadow when its database is first requested.

    Attributes:
        shadows: The shadows that exist, by the keys of the databases that they replace.
        failure: The first error that was raised in user code, which may have caught it.
        entered: How often connections were redirected to this set. In between, the shadows may have
            been copied, which closes the connections to them.
    """

    def __init__(self, name: str, make: MakeShadow) -> None:
        self.name = name
        self.shadows: dict[DatabaseKey, ShadowDatabase] = {}
        self.failure: DriftcheckError | None = None
        self.entered = 0
        self._make = make
        self._lock = threading.RLock()

    def shadow_of(self, target: URL) -> ShadowDatabase:
        """Return the shadow of a database. It is created at the first request."""
        with self._lock:
            database_key = database_key_of(target)
            if database_key not in self.shadows:
                self.shadows[database_key] = self._make(target, self.name)
            return self.shadows[database_key]

    def begin_again(self) -> None:
        """Drop the shadows, so that the next requests create empty shadows."""
        with self._lock:
            while self.shadows:
                _, shadow = self.shadows.popitem()
                shadow.drop()

    def failed(self, error: DriftcheckError) -> DriftcheckError:
        """Record the first error, because user code may catch it, and return the error."""
        self.failure = self.failure or error
        return error
