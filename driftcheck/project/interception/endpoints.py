"""The addresses of database servers: told from a URL, told from a socket's, and compared."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy.engine import URL

from driftcheck.databases.libpq import added_parameters
from driftcheck.databases.location import DEFAULT_PORTS

POSTGRESQL_SOCKET = ".s.PGSQL."
# Where the packages of operating systems have libpq look, and where other drivers look.
_SOCKET_DIRECTORIES = ("/var/run/postgresql", "/run/postgresql", "/tmp", "/var/pgsql_socket")  # noqa: S108


class Tcp(NamedTuple):
    """An internet address; the host may be a name."""

    host: str
    port: int


class Unix(NamedTuple):
    """The path of a Unix socket."""

    path: str


Endpoint = Tcp | Unix


def endpoints_of(url: URL) -> tuple[Endpoint, ...]:
    """Where a driver would connect for a URL: every host, every socket; none for a file."""
    dialect = url.get_backend_name()
    if dialect == "postgresql":
        return tuple(_postgresql_endpoints(url))
    if dialect not in ("mysql", "mariadb"):
        return ()
    path = url.query.get("unix_socket")
    if isinstance(path, str):
        return (Unix(path),)
    return (Tcp(url.host or "localhost", url.port or DEFAULT_PORTS[dialect]),)


def _postgresql_endpoints(url: URL) -> Iterator[Endpoint]:
    given: dict[str, Any] = {key: value for key, value in url.query.items() if value}
    given |= {key: value for key in ("host", "port") if (value := getattr(url, key))}
    if isinstance(path := given.get("unix_sock"), str):
        yield Unix(path)
        return
    said = {**added_parameters(given), **given}
    hosts = _listed(said.get("hostaddr")) or _listed(said.get("host"))
    ports = _listed(said.get("port")) or ("5432",)
    for number, host in enumerate(hosts or (*_SOCKET_DIRECTORIES, "localhost")):
        name, colon, port = host.rpartition(":")
        if not colon or ":" in name or not port.isdigit():  # not the form host:port
            name, port = host, ports[number if len(ports) == len(hosts) else 0]
        if name.startswith("/"):
            yield Unix(f"{name}/{POSTGRESQL_SOCKET}{port}")
        else:
            yield Tcp(name.lower(), int(port))


def _listed(said: Any) -> tuple[str, ...]:
    texts = (said,) if isinstance(said, (str, int)) else said or ()
    return tuple(part for text in texts for part in str(text).split(",") if part)


def endpoint_of_socket(family: int, address: Any) -> Endpoint | None:
    """What a socket is connected to; ``None`` where that is neither a port nor a path."""
    if family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        return Tcp(str(address[0]).lower(), int(address[1]))
    if family == getattr(socket, "AF_UNIX", None):
        return Unix(os.fsdecode(address))
    return None


def are_same(one: Endpoint, other: Endpoint) -> bool:
    """Whether two addresses lead to the same server.

    All addresses of this machine are one: a server mostly listens on several.
    """
    if isinstance(one, Unix) or isinstance(other, Unix):
        return isinstance(one, Unix) and isinstance(other, Unix) and is_same_file(*one, *other)
    if one.port != other.port:
        return False
    ours, theirs = _addresses(one.host), _addresses(other.host)
    return bool(ours & theirs) or all(any(map(_is_here, some)) for some in (ours, theirs))


def is_same_file(one: str, other: str) -> bool:
    """Whether two paths lead to the same file, whatever links there are on the way."""
    with suppress(OSError, ValueError):
        if os.path.realpath(one) == os.path.realpath(other):
            return True
        return Path(one).samefile(other)
    return False


def _addresses(host: str) -> frozenset[str]:
    """All addresses of a host; the name itself where it cannot be resolved now."""
    try:
        return _resolved(host)
    except (OSError, UnicodeError):
        return frozenset({host})


@lru_cache(maxsize=256)
def _resolved(host: str) -> frozenset[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return frozenset(_plain(str(address[0])) for *_, address in found)


def _plain(address: str) -> str:
    """An address without its scope, and an IPv4 address that is written as IPv6 as what it is."""
    ip = ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(mapped or ip)


@lru_cache(maxsize=256)
def _is_here(address: str) -> bool:
    """Whether an address is one of this machine's: only those can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((address, 0))
    except OSError:
        return False
    return True
