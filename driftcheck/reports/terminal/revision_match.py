"""Describes the revisions whose schema a database has, in place of the chain."""

from __future__ import annotations

from collections.abc import Sequence

from driftcheck.judging.report import RevisionMatch
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, STRONG, Lines, words, wrapped


def revision_match(match: RevisionMatch, output: OutputStyle) -> Lines:
    """Return the matching or nearest revisions, and how they were determined."""
    mark, style = ("✓", GOOD) if match.as_stamped and not match.changes else ("✗", BAD)
    first = words(output, "  ", (mark, style), " ")
    lines = wrapped(output, words(output, (match_text(match), STRONG)), 4, first=first)
    for text in determination(match):
        lines += wrapped(output, words(output, (text, FAINT)), 4)
    return lines


def match_text(match: RevisionMatch) -> str:
    """Return the matching or nearest revisions in a sentence."""
    names = " or ".join(map(_state, match.states))
    if match.changes:
        changes = counted(match.changes, "change")
        known = f" before {match.broken_at}" if match.broken_at else ""
        return f"the schema matches no revision{known}; {names} is the nearest, with {changes}"
    return f"the schema is that of {names}" + (", as stamped" if match.as_stamped else "")


def determination(match: RevisionMatch) -> Sequence[str]:
    """Return how the revisions were determined, in sentences."""
    texts = [f"compared with {counted(match.states_compared, 'state')} of the history"]
    if match.broken_at:
        texts.append(
            f"the history fails at revision {match.broken_at}: later revisions are unknown"
        )
    if len(match.states) > 1:
        texts.append("these revisions have the same schema, so a comparison cannot separate them")
    if match.composed:
        texts.append("the schema of one branch was computed from the changes of its revisions")
    return texts


def _state(revisions: Sequence[str]) -> str:
    return " with ".join(revisions) if revisions else "the beginning, before the first revision"
