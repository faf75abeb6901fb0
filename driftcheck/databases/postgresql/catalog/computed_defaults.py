"""Recognizes defaults that PostgreSQL computed once, when the column was created.

``DEFAULT 'now()'`` is a string. The server converts it to the type of the column at once, so the
default is the time of the CREATE TABLE, and every database has a different one. ``'today'`` and
``'now'::timestamp`` are alike.
Source: PostgreSQL manual, "Date/Time Types", section "Special Values".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from driftcheck.schema import SchemaObject, Snapshot

_SPECIAL_DATE = re.compile(r"'\s*(?:now|today|tomorrow|yesterday)\b", re.IGNORECASE)
_LITERAL = re.compile(
    r"'(?P<date>\d{4}-\d\d-\d\d)?(?P<between> )?(?P<time>\d\d:\d\d:\d\d)?(?P<fraction>\.\d+)?"
    r"(?P<zone>[+-][\d:]+)?'::(?P<type>(?:date|time)[ \w()]*)"
)
_COMPUTED = re.compile(r"'(?:now|today)'::(?P<type>.+)")
_ZONES = timedelta(hours=15)
"""No time zone is further away from another one on the same day: from UTC-12 to UTC+14."""
_DAYS = timedelta(days=2)
"""The distance of ``'tomorrow'`` from today, in any time zone."""


def names_special_date(statements: Iterable[str]) -> bool:
    """Whether a statement contains a string that PostgreSQL converts to the present date."""
    return any(map(_SPECIAL_DATE.search, statements))


def with_computed_defaults(snapshot: Snapshot, *, dates: bool) -> Snapshot:
    """Return the snapshot of a new database with ``'now'`` in place of the times of its creation.

    Args:
        snapshot: The schema of a database that was created just now.
        dates: Whether a date of today was computed too. A constant may be the same date, so this
            must be known from the statements.
    """
    if snapshot.dialect != "postgresql":
        return snapshot
    now = datetime.now(UTC).replace(tzinfo=None)
    objects = {
        address: _with_computed_default(found, now, dates=dates)
        for address, found in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects)


def has_computed_defaults(snapshot: Snapshot) -> bool:
    """Whether a schema from ``with_computed_defaults`` has a default that was computed.

    In a database that is not new, such a default reads as another constant.
    """
    return any(
        obj.address.kind == "column" and _COMPUTED.fullmatch(str(obj.attributes.get("default")))
        for obj in snapshot.objects.values()
    )


def text_with_computed_defaults(text: str) -> str:
    """Return code with ``'now'`` in place of the times at which a shadow database was created.

    Args:
        text: Code that autogenerate has written for a database that was created just now.
    """
    now = datetime.now(UTC).replace(tzinfo=None)

    def named(literal: re.Match[str]) -> str:
        word = _word(literal, now, dates=False)
        return literal[0] if word is None else f"'{word}'::{literal['type']}"

    return _LITERAL.sub(named, text)


def is_computed_again(wanted: SchemaObject, actual: SchemaObject) -> bool:
    """Whether a default is only another result of the same computed default."""
    computed = _COMPUTED.fullmatch(str(wanted.attributes["default"]))
    literal = _LITERAL.fullmatch(str(actual.attributes["default"]))
    return bool(computed and literal and computed["type"] == literal["type"])


def _with_computed_default(found: SchemaObject, now: datetime, *, dates: bool) -> SchemaObject:
    default = found.attributes.get("default")
    if found.address.kind != "column" or not isinstance(default, str) or default[:1] != "'":
        return found
    match = _LITERAL.fullmatch(default)
    word = _word(match, now, dates=dates) if match is not None else None
    if match is None or word is None:
        return found
    return replace(found, attributes={**found.attributes, "default": f"'{word}'::{match['type']}"})


def _word(literal: re.Match[str], now: datetime, *, dates: bool) -> str | None:
    """Return what the server has computed a literal from; ``None`` for a constant."""
    day, time = literal["date"], literal["time"]
    if time is not None and literal["fraction"]:
        # A time without a date: nobody writes microseconds.
        is_now = day is None or abs(datetime.fromisoformat(f"{day} {time}") - now) < _ZONES
        return "now" if is_now else None
    is_midnight = time in (None, "00:00:00")
    if not dates or day is None or not is_midnight:
        return None
    return "today" if abs(date.fromisoformat(day) - now.date()) <= _DAYS else None
