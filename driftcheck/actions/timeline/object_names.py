"""Finds the object that somebody means by a name typed as reports print it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from difflib import get_close_matches

from driftcheck.errors import UsageError
from driftcheck.schema import Address

_PART = re.compile(r'\s*("(?:[^"]|"")*"|[^."(]+)\s*')
_CLOSEST = 5


def meant(text: str, known: Collection[Address], kinds: Iterable[str]) -> list[Address]:
    """The objects that a name may mean: with its schema or without, with its kind or without.

    Args:
        text: Such as ``public.students.last_name``, ``students."Name"``, ``f(integer)``,
            ``index ix_a``.
        known: Every address that there is, or was.
        kinds: The names of all kinds.

    Raises:
        UsageError: None is called so; the hint has those whose names come closest.
    """
    kind, name = _without_kind(text.strip(), kinds)
    of_kind = [address for address in known if kind in ("", address.kind)]
    found = [a for a in of_kind if name in _spellings(a)]
    if not found:
        parts, arguments = _parsed(name)
        found = [a for a in of_kind if _is_called(a, parts, arguments)]
    if not found:
        raise UsageError(
            f"no revision of the history makes {text.strip()!r}, and nothing of that name was "
            "there before",
            hint=_closest(name, of_kind or known),
        )
    return found


def _without_kind(text: str, kinds: Iterable[str]) -> tuple[str, str]:
    """A kind that a name begins with, and the rest; the longest, for there are kinds of views."""
    for kind in sorted(kinds, key=len, reverse=True):
        if text.lower().startswith(f"{kind} "):
            return kind, text[len(kind) :].strip()
    return "", text


def _spellings(address: Address) -> tuple[str, str]:
    return address.sql, address._replace(schema="").sql


def _parsed(name: str) -> tuple[tuple[str, ...], str | None]:
    """The parts of a dotted name, quoted or not, and the arguments behind it."""
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


def _is_called(address: Address, parts: Sequence[str], arguments: str | None) -> bool:
    if arguments is not None and _squeezed(arguments) != _squeezed(address.arguments):
        return False
    for names in (address.path, (address.schema, *address.path)):
        if len(names) == len(parts) and all(map(_is_so_named, names, parts)):
            return True
    return False


def _is_so_named(name: str, part: str) -> bool:
    """Without quotes a name is taken as it stands, and in lower case, as the server takes it."""
    if part.startswith('"'):
        return name == part[1:-1].replace('""', '"')
    return name in (part, part.lower())


def _squeezed(arguments: str | None) -> str:
    return re.sub(r"\s+", " ", arguments or "").replace(", ", ",").strip()


def _closest(name: str, known: Iterable[Address]) -> str:
    spelled: dict[str, str] = {}
    for address in known:
        for spelling in (address.name, *_spellings(address)):
            spelled.setdefault(spelling.lower(), str(address))
    own = name.rpartition(".")[2]
    near = [
        *get_close_matches(name.lower(), spelled, n=_CLOSEST, cutoff=0.6),
        *get_close_matches(own.lower(), spelled, n=_CLOSEST, cutoff=0.6),
    ]
    closest = list(dict.fromkeys(spelled[one] for one in near))[:_CLOSEST]
    if not closest:
        return "driftcheck history shows what there is."
    return "The closest names: " + ", ".join(closest) + "."
