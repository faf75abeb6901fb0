"""Writes down what came of it, tool by tool and family by family."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tests.databases.postgresql.catalog.cases import Case


@dataclass(frozen=True)
class Heard:
    """What a tool made of the catalogue.

    Attributes:
        name: What people call it.
        version: Its version, and those of what it stands on.
        cases: Of each case, whether it ``hears`` it, is ``silent``, or ``stops``.
    """

    name: str
    version: str
    cases: Mapping[str, str]


def table(heard: Sequence[Heard], cases: Sequence[Case]) -> str:
    """The table in Markdown, and below it the versions."""
    changes = [case for case in cases if case.expected]
    quiet = [case for case in cases if not case.expected]
    rows = [
        ["", *(each.name for each in heard)],
        ["---", *("---:" for _ in heard)],
        [f"**found, of {len(changes)} changes**", *(f"**{_count(h, changes)}**" for h in heard)],
        [f"**false alarms, of {len(quiet)}**", *(f"**{_count(h, quiet)}**" for h in heard)],
    ]
    for family in dict.fromkeys(case.family for case in changes):
        own = [case for case in changes if case.family == family]
        rows.append([f"{family.replace('_', ' ')} ({len(own)})", *(_count(h, own) for h in heard)])
    rows.append(["stops with an error", *(_count(h, cases, "stops") for h in heard)])
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([*lines, "", *(f"- {each.name}: {each.version}" for each in heard)])


def _count(heard: Heard, cases: Sequence[Case], how: str = "hears") -> str:
    return str(sum(heard.cases[str(case)] == how for case in cases))
