"""The formats of ``driftcheck watch``: one line for each event, as text or as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from driftcheck.judging.watch_events import WatchEvent
from driftcheck.reports.visible import visible


def in_text(event: WatchEvent, encoding: str = "utf-8") -> str:
    """Return an event as one line for people.

    Args:
        event: The event.
        encoding: The encoding of the stream.
    """
    finding = event.finding
    at = event.at.strftime("%Y-%m-%d %H:%M:%S")
    subject = f"{event.database}: " if event.database else ""
    difference = f" ({finding['difference']})" if finding.get("difference") else ""
    rule = f" [{finding['rule']}]" if finding else ""
    return visible(f"{at} {event.type}: {subject}{event.text}{difference}{rule}", encoding)


def in_json(event: WatchEvent, encoding: str = "utf-8") -> str:
    """Return an event as one line of JSON.

    Args:
        event: The event.
        encoding: The encoding of the stream; not used, because the line is ASCII.
    """
    del encoding
    return json.dumps(event_values(event))


def event_values(event: WatchEvent) -> dict[str, Any]:
    """Return an event as values of JSON, described in docs/watch.md."""
    return {
        "event": event.type.value,
        "at": event.at.isoformat(timespec="seconds"),
        "database": event.database or None,
        "text": event.text,
        "finding": dict(event.finding) or None,
    }


FORMATS: Mapping[str, Callable[[WatchEvent, str], str]] = MappingProxyType(
    {"text": in_text, "json": in_json}
)
"""Every format by its name in ``--format``."""
