"""Finds the objects that a name on the command line may refer to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from driftcheck.errors import UsageError
from driftcheck.schema import Address
from driftcheck.suggestions import did_you_mean


class NoSuchObjectError(UsageError):
    """No object has the name, as far as objects are known."""


_PART = re.compile(r'\s*("(?:[^"]|"")*"|[^."(]+)\s*')


def find_objects(
    query: str,
    known: Collection[Address],
    kinds: Iterable[str],
    *,
    unknown: str = "no revision creates {}, and no such object existed before the first revision",
    otherwise: str = "driftcheck history lists all objects.",
) -> list[Address]:
    """The addresses that a name matches. Its schema and its kind are optional.

    Args:
        query: A name such as ``public.students.last_name``, ``students."Name"``, ``f(integer)``
            or ``index ix_a``.
        known: The addresses to choose from.
        kinds: The names of all kinds.
        unknown: The error if no address matches; ``{}`` stands for the name.
        otherwise: The hint if no name is similar.

    Raises:
        NoSuchObjectError: No address matches; the hint names similar objects.
    """
    kind, name = _split_kind(query.strip(), kinds)
    of_kind = [address for address in known if kind in ("", address.kind)]
    matches = [address for address in of_kind if name in _spellings(address)]
    if not matches:
        parts, arguments = _parsed(name)
        matches = [address for address in of_kind if _matches(address, parts, arguments)]
    if not matches:
        raise NoSuchObjectError(
            unknown.format(repr(query.strip())),
            hint=similar_objects(name, of_kind or known) or otherwise,
        )
    return matches


def _split_kind(query: str, kinds: Iterable[str]) -> tuple[str, str]:
    """Split a query into its kind and its name.

    The longest kind is taken: "materialized view x" is not a view.
    """
    for kind in sorted(kinds, key=len, reverse=True):
        if query.lower().startswith(f"{kind} "):
            return kind, query[len(kind) :].strip()
    return "", query


def _spellings(address: Address) -> tuple[str, str]:
    return address.sql, address._replace(schema="").sql


def _parsed(name: str) -> tuple[tuple[str, ...], str | None]:
    """The parts of a dotted name, quoted or not, and the arguments in parentheses after it."""
    parts, position = [], 0
    while part := _PART.match(name, position):
        parts.append(part[1].strip())
        position = part.end()
        if name[position : position + 1] != ".":
            break
        position += 1
    rest = name[position:].strip()
    arguments = rest[1:-1] if rest.startswith("(") and rest.endswith(")") else None
    return tuple(parts), arguments


def _matches(address: Address, parts: Sequence[str], arguments: str | None) -> bool:
    if arguments is not None and _normalized(arguments) != _normalized(address.arguments):
        return False
    for names in (address.path, (address.schema, *address.path)):
        if len(names) == len(parts) and all(map(_part_matches, names, parts)):
            return True
    return False


def _part_matches(name: str, part: str) -> bool:
    """Compare a name with a part; an unquoted part also matches in lower case, as in SQL."""
    if part.startswith('"'):
        return name == part[1:-1].replace('""', '"')
    return name in (part, part.lower())


def _normalized(arguments: str | None) -> str:
    return re.sub(r"\s+", " ", arguments or "").replace(", ", ",").strip()


def similar_objects(name: str, known: Iterable[Address]) -> str:
    """Return a question that names the objects with the most similar names; empty without any."""
    spelled: dict[str, str] = {}
    for address in known:
        for spelling in (address.name, *_spellings(address)):
            spelled.setdefault(spelling.lower(), str(address))
    return did_you_mean(name, spelled) or did_you_mean(name.rpartition(".")[2], spelled)
