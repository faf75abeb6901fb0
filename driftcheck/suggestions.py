"""Finds the names that a user may have meant, for the messages about a name that does not exist."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import SequenceMatcher, get_close_matches

_MOST = 3
_SIMILAR = 0.7
_AS_SIMILAR = 0.1
"""How much less similar than the best name another one may be, as ratios of ``difflib``."""


def did_you_mean(name: str, known: Iterable[str] | Mapping[str, str]) -> str:
    """Return a question that names the most similar names; empty if no name is similar.

    The wording is that of click for options.

    Args:
        name: The name that does not exist.
        known: The names that exist. A mapping has what is shown for each spelling.
    """
    shown = known if isinstance(known, Mapping) else {each: each for each in known}
    spelled = {spelling.lower(): text for spelling, text in shown.items()}
    near = get_close_matches(name.lower(), spelled, n=_MOST, cutoff=_SIMILAR)
    ratios = [SequenceMatcher(None, each, name.lower()).ratio() for each in near]
    best = max(ratios, default=0.0) - _AS_SIMILAR
    similar = [each for each, ratio in zip(near, ratios, strict=True) if ratio >= best]
    found = [*dict.fromkeys(repr(spelled[each]) for each in similar)]
    if len(found) > 1:
        return f"Did you mean one of {', '.join(found)}?"
    return f"Did you mean {found[0]}?" if found else ""


def with_suggestion(name: str, known: Iterable[str] | Mapping[str, str], hint: str) -> str:
    """Return a hint, after the question that names the most similar names.

    Args:
        name: The name that does not exist.
        known: The names that exist; see ``did_you_mean``.
        hint: The hint.
    """
    return " ".join(filter(None, (did_you_mean(name, known), hint)))
