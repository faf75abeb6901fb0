"""What is changed by hand is told as what it is, and what is written undoes and redoes it."""

import re
from pathlib import Path

import pytest

from driftcheck.checking.undoing import redo, undo
from driftcheck.comparison import compare

_HEADER = re.compile(r"(?:-- .*\n)+")
_BY_HAND = {"undo by hand", "redo by hand"}


def _cases():
    text = Path(__file__).with_name("drift.sql").read_text(encoding="utf-8")
    line = 1
    for block in text.rstrip().split("\n\n"):
        header = _HEADER.match(block)[0]
        expected = header.removeprefix("-- ").removesuffix("\n").split("\n-- ")
        if line > 1:  # the first block is about the file itself
            yield pytest.param(expected, block[len(header) :], id=f"line {line}: {expected[-1]}")
        line += block.count("\n") + 2


def _told(changes):
    return sorted(f"{change.type} {change.address}" for change in changes) or ["nothing"]


def _differences(wanted, actual):
    return compare(wanted, actual, same_lineage=True)


@pytest.mark.parametrize(("expected", "statements"), list(_cases()))
def test_drift(everything, catalog, expected, statements):
    base = everything.base
    everything.run(statements)
    drifted = everything.read()
    changes = _differences(base, drifted)
    backwards, forwards = undo(changes, catalog), redo(changes, catalog)

    assert _told(changes) == sorted(set(expected) - _BY_HAND)
    assert bool(backwards.by_hand) == ("undo by hand" in expected)
    assert bool(forwards.by_hand) == ("redo by hand" in expected)
    if not backwards.by_hand:
        everything.run(*backwards.statements)
        assert _told(_differences(base, everything.read())) == ["nothing"]
        if not forwards.by_hand:
            everything.run(*forwards.statements)
            assert _told(_differences(drifted, everything.read())) == ["nothing"]
