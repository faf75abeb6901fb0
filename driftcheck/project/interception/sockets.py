"""Refuses sockets that would connect to a database server without shadows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from driftcheck.databases.endpoints import Endpoint, Tcp
from driftcheck.databases.location import endpoints_of, shown
from driftcheck.databases.own_work import is_own_work, redirection
from driftcheck.databases.postgresql.urls import SOCKET_NAME
from driftcheck.project.interception.audit import Handler
from driftcheck.project.interception.databases import Databases
from driftcheck.project.interception.endpoints import are_same, endpoint_of_socket
from driftcheck.project.interception.frames import driver_on_stack
from driftcheck.project.interception.refusals import Refusals


class Sockets:
    """Checks every address that Python code connects to.

    Args:
        databases: The databases that must not be reached.
        refusals: Raises the error.
    """

    def __init__(self, databases: Databases, refusals: Refusals) -> None:
        self._databases = databases
        self._refusals = refusals

    def handlers(self) -> Mapping[str, Handler]:
        """Return the handlers of audit events."""
        return dict.fromkeys(
            ("socket.connect", "socket.sendto", "socket.sendmsg"), self._check_address
        )

    def _check_address(self, sock: Any, address: Any) -> None:
        if is_own_work() or address is None:
            return
        endpoint = endpoint_of_socket(sock.family, address)
        shadow = redirection()
        if endpoint is None or (shadow and _leads_to(endpoint, endpoints_of(shadow))):
            return
        driver = driver_on_stack()
        means = f"with {driver}" if driver else "with its own socket"
        if url := self._databases.at(endpoint):
            self._refusals.refuse(f"connect {means} to the server of {shown(url)}")
        if self._databases.is_private_server(endpoint):
            return
        is_postgresql = PurePath(endpoint[0]).name.startswith(SOCKET_NAME)
        if driver or is_postgresql:
            self._refusals.refuse(
                f"connect {means} to {_shown(endpoint)}, which does not lead to a shadow database"
            )


def _leads_to(endpoint: Endpoint, known: Sequence[Endpoint]) -> bool:
    return any(are_same(endpoint, other) for other in known)


def _shown(endpoint: Endpoint) -> str:
    return f"{endpoint.host}:{endpoint.port}" if isinstance(endpoint, Tcp) else endpoint.path
