"""What is changed by hand is told as what it is, and what is written undoes and redoes it.

Cases about different things are played together, for the sake of time: what is told must be what
all of them say. What is written is tried on the newest server only.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from driftcheck.checking.undoing import redo, undo
from driftcheck.comparison import compare

_HEADER = re.compile(r"(?:-- .*\n)+")
_NAME = re.compile(r"school\.\W?([^\W_]+)")
_BY_HAND = {"undo by hand", "redo by hand"}


class Case(NamedTuple):
    line: int
    told: frozenset[str]
    by_hand: frozenset[str]
    statements: str

    @property
    def about(self):
        """What it touches, roughly: the first words of names, so that an index is its table's."""
        said = " ".join([*self.told, self.statements])
        return set(_NAME.findall(said)) or set(re.findall(r"\w+", " ".join(self.told)))


def _cases():
    text = Path(__file__).with_name("drift.sql").read_text(encoding="utf-8")
    line = 1
    for block in text.rstrip().split("\n\n"):
        header = _HEADER.match(block)[0]
        expected = set(header.removeprefix("-- ").removesuffix("\n").split("\n-- "))
        if line > 1:  # the first block is about the file itself
            told = expected - _BY_HAND - {"nothing"}
            by_hand = expected & _BY_HAND
            yield Case(line, frozenset(told), frozenset(by_hand), block[len(header) :])
        line += block.count("\n") + 2


def _groups():
    """Cases that do not get in each other's way; one that is undone by hand is alone."""
    groups = []
    for case in _cases():
        for about, cases in groups:
            if not case.by_hand and not cases[0].by_hand and about.isdisjoint(case.about):
                about.update(case.about)
                cases.append(case)
                break
        else:
            groups.append((case.about, [case]))
    return [cases for _, cases in groups]


def _id(cases):
    others = f" and {len(cases) - 1} more" if len(cases) > 1 else ""
    return f"line {cases[0].line}: {min(cases[0].told, default='nothing')}{others}"


def _told(wanted, actual):
    changes = compare(wanted, actual, same_lineage=True)
    return {f"{change.type} {change.address}" for change in changes}


def _check(cases, told):
    for case in cases:
        missed = case.told - told
        assert not missed, f"drift.sql, line {case.line}: not told:\n{case.statements}"
    assert told == {each for case in cases for each in case.told}


@pytest.mark.parametrize("cases", _groups(), ids=_id)
def test_drift_is_told_by_older_servers_too(older, cases):
    older.run(*(case.statements for case in cases))
    _check(cases, _told(older.base, older.read()))


@pytest.mark.parametrize("cases", _groups(), ids=_id)
def test_drift_is_undone_and_done_again(newest, catalog, cases):
    base = newest.base
    newest.run(*(case.statements for case in cases))
    drifted = newest.read()
    changes = compare(base, drifted, same_lineage=True)
    backwards, forwards = undo(changes, catalog), redo(changes, catalog)
    by_hand = {mark for case in cases for mark in case.by_hand}

    _check(cases, _told(base, drifted))
    assert bool(backwards.by_hand) == ("undo by hand" in by_hand)
    assert bool(forwards.by_hand) == ("redo by hand" in by_hand)
    if not backwards.by_hand:
        newest.run(*backwards.statements)
        assert _told(base, newest.read()) == set()
        if not forwards.by_hand:
            newest.run(*forwards.statements)
            assert _told(drifted, newest.read()) == set()
