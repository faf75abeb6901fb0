"""Finds out whether revisions leave anything that ends with their transaction or their session."""

from __future__ import annotations

from typing import Any

from sqlalchemy.exc import SQLAlchemyError


class SessionWatch:
    """Compares the state of the session before the first revision and after each one.

    If no revision leaves anything, it makes no difference to the next one whether it runs in the
    same transaction and the same session.

    Args:
        query: The query for the state of a session; see ``ShadowMaker.session_state``.

    Attributes:
        is_clean: Whether no revision has left anything so far.
    """

    def __init__(self, query: str) -> None:
        self._query = query
        self._before: object = None
        self.is_clean = True

    def begin(self, connection: Any) -> None:
        """Read the state before the first revision of a session."""
        self._before = self._state(connection)

    def check(self, connection: Any) -> None:
        """Compare the state after a revision, while its transaction is still open."""
        if self.is_clean:
            state = self._state(connection)
            self.is_clean = state is not None and state == self._before

    def _state(self, connection: Any) -> object:
        """Return the state; ``None`` if it cannot be read."""
        try:
            return connection.exec_driver_sql(self._query).scalar()
        except SQLAlchemyError:
            return None
