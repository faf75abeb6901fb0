"""Compares the addresses of database servers."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

from driftcheck.databases.endpoints import Endpoint, Tcp, Unix


def endpoint_of_socket(family: int, address: Any) -> Endpoint | None:
    """Return the address of a socket; ``None`` if it is neither TCP nor a Unix socket."""
    if family in (socket.AF_INET, socket.AF_INET6) and isinstance(address, tuple):
        return Tcp(str(address[0]).lower(), int(address[1]))
    if family == getattr(socket, "AF_UNIX", None):
        return Unix(os.fsdecode(address))
    return None


def are_same(first: Endpoint, second: Endpoint) -> bool:
    """Return whether two addresses lead to the same server.

    All addresses of this machine count as the same: a server usually listens on several.
    """
    if isinstance(first, Unix) or isinstance(second, Unix):
        are_sockets = isinstance(first, Unix) and isinstance(second, Unix)
        return are_sockets and is_same_file(str(first[0]), str(second[0]))
    if first.port != second.port:
        return False
    hosts = _addresses(first.host), _addresses(second.host)
    return bool(hosts[0] & hosts[1]) or all(any(map(_is_here, host)) for host in hosts)


def is_same_file(first: str, second: str) -> bool:
    """Return whether two paths lead to the same file, after links are followed."""
    with suppress(OSError, ValueError):
        if os.path.realpath(first) == os.path.realpath(second):
            return True
        return Path(first).samefile(second)
    return False


def _addresses(host: str) -> frozenset[str]:
    """Return all addresses of a host; the name itself if it cannot be resolved."""
    try:
        return _resolved(host)
    except (OSError, UnicodeError):
        return frozenset({host})


@lru_cache(maxsize=256)
def _resolved(host: str) -> frozenset[str]:
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return frozenset(_plain(str(address[0])) for *_, address in found)


def _plain(address: str) -> str:
    """Return an address without its scope; an IPv4-mapped IPv6 address as the IPv4 address."""
    ip = ip_address(address.partition("%")[0])
    mapped = ip.ipv4_mapped if isinstance(ip, IPv6Address) else None
    return str(mapped or ip)


@lru_cache(maxsize=256)
def _is_here(address: str) -> bool:
    """Return whether an address belongs to this machine: only such an address can be bound."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True
