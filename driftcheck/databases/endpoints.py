"""The network addresses of database servers."""

from __future__ import annotations

from typing import NamedTuple


class Tcp(NamedTuple):
    """A host and a port. The host is a name or an IP address."""

    host: str
    port: int


class Unix(NamedTuple):
    """The path of a Unix socket."""

    path: str


Endpoint = Tcp | Unix
