"""The network addresses of database servers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Tcp(NamedTuple):
    """A host and a port. The host is a name or an IP address."""

    host: str
    port: int


class Unix(NamedTuple):
    """The path of a Unix socket."""

    path: str


Endpoint = Tcp | Unix

Places = Sequence[tuple[str, int | None]]
"""Hosts, or directories of Unix sockets, each with its port; ``None`` for the default port."""


def listed(value: object) -> tuple[str, ...]:
    """Return the elements of a parameter that may be a number, a list, or a text with commas."""
    return tuple(part for text in _texts(value) for part in text.split(",") if part)


def listed_places(hosts: object, ports: object) -> Places:
    """Return the hosts and ports of parameters, as libpq and SQLAlchemy read them.

    Args:
        hosts: One or several hosts. Each may have its own port: ``host:port``.
        ports: The port of all hosts, or one port for each host. An empty port is the default port.
    """
    names = listed(hosts)
    numbers = [each for text in _texts(ports) for each in text.split(",")] or [""]
    places = []
    for index, name in enumerate(names):
        host, colon, port = name.rpartition(":")
        if not colon or ":" in host or not port.isdigit():  # not the form host:port
            host, port = name, numbers[index if len(numbers) == len(names) else 0]
        places.append((host, int(port) if port.isdigit() else None))
    return places


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(map(str, value)) if isinstance(value, (list, tuple)) else (str(value),)


def displayed_hosts(hosts: object, ports: object) -> str:
    """Return hosts with their ports for messages: ``a:5433,b``; empty if there are none.

    Directories of Unix sockets are shown without a port.
    """
    return ",".join(
        host if host.startswith("/") else f"{_bracketed(host)}:{port}".removesuffix(":None")
        for host, port in listed_places(hosts, ports)
    )


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
