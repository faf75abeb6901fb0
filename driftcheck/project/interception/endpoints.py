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
