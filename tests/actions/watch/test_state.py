"""What a watch takes over from a round, and which events that makes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from driftcheck.actions.watch.findings import KEPT, DatabaseRound, databases_of
from driftcheck.actions.watch.state import Message, WatchState, load_state, save_state
from driftcheck.errors import ConfigurationError, OutputError

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
BOTH = frozenset({"pending", "drift"})


def finding(message, gap="drift"):
    return {**dict.fromkeys(KEPT, ""), "message": message, "gap": gap}


def checked(*findings, heads=("1",), gaps=BOTH):
    return DatabaseRound(heads=heads, gaps=gaps, findings=findings)


A, B, FAULT = finding("a"), finding("b"), finding("broken", gap=None)


@pytest.fixture
def state():
    return WatchState()


@pytest.fixture
def rounds(state):
    """Make rounds, and return the events of the last as (type, database, text)."""

    def make(*results):
        for result in results:
            events = state.fail(result, AT) if isinstance(result, str) else state.update(result, AT)
        return [(event.type.value, event.database, event.text) for event in events]

    return make


def test_findings_are_told_once(rounds):
    assert rounds({"x": checked(A)}) == [("new", "x", "a")]
    assert rounds({"x": checked(A)}) == []
    assert rounds({"x": checked(A, B)}) == [("new", "x", "b")]
    assert rounds({"x": checked(B)}) == [("gone", "x", "a")]
    assert rounds({"x": checked(A, B)}) == [("new", "x", "a")]


def test_a_finding_that_differs_in_another_way_is_another_one(rounds):
    before, after = ({**A, "difference": text} for text in ("integer, text", "integer, bigint"))
    assert rounds({"x": checked(before)}, {"x": checked(after)}) == [
        ("new", "x", "a"),
        ("gone", "x", "a"),
    ]


def test_nothing_is_gone_in_a_gap_that_was_not_compared(rounds):
    only_pending = checked(FAULT, gaps=frozenset({"pending"}))
    assert rounds({"x": checked(A)}, {"x": only_pending}) == [("new", "x", "broken")]
    assert rounds({"x": only_pending}, {"x": checked(A)}) == [("gone", "x", "broken")]


def test_nothing_is_gone_in_a_database_that_cannot_be_checked(rounds):
    away = DatabaseRound(unchecked="refused")
    assert rounds({"x": checked(A)}, {"x": away}) == [("unchecked", "x", "refused")]
    assert rounds({"x": replace(away, unchecked="still refused")}) == []
    assert rounds({"x": checked(A)}) == [("checked", "x", "can be checked again")]
    assert rounds({"x": away}, {"x": checked()}) == [
        ("checked", "x", "can be checked again"),
        ("gone", "x", "a"),
    ]


def test_a_round_that_fails_concerns_all_databases(rounds):
    assert rounds({"x": checked(A), "y": checked()}, "no") == [
        ("unchecked", "x", "no"),
        ("unchecked", "y", "no"),
    ]
    assert rounds("no") == []


def test_a_first_round_that_fails(rounds):
    assert rounds("no") == [("unchecked", "", "no")]
    assert rounds("no") == []
    assert rounds({"x": checked(A)}) == [
        ("checked", "", "the check works again"),
        ("new", "x", "a"),
    ]


def test_a_database_that_is_no_longer_checked(rounds):
    assert rounds({"x": checked(A), "y": checked()}, {"y": checked()}) == [
        ("removed", "x", "no longer checked")
    ]


def test_another_head_is_told_once_for_all_databases(rounds):
    databases = dict.fromkeys("xy", checked())
    others = dict.fromkeys("xy", checked(heads=("2",)))
    assert rounds(databases, others) == [("history", "x", "the head of the history was 1 and is 2")]
    assert rounds(others) == []


def test_a_state_survives_in_its_file(state, rounds, tmp_path):
    rounds({"x": checked(A, FAULT), "y": DatabaseRound(unchecked="away")})
    state.outbox.append(Message("1", "{}", 3))
    path = tmp_path / "state.json"
    save_state(state, path)
    assert load_state(path) == state
    assert path.stat().st_mode & 0o777 == 0o600
    assert [*tmp_path.iterdir()] == [path]


def test_no_file_is_an_empty_state(tmp_path):
    assert load_state(tmp_path / "none") == WatchState()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}', "\x00"])
def test_another_file_is_refused(tmp_path, text):
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=r"state.json cannot be used") as caught:
        load_state(path)
    assert "Delete it" in caught.value.hint


def test_a_directory_that_is_gone(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        save_state(WatchState(), tmp_path / "gone" / "state.json")


def _database(*findings):
    return {"name": "x", "heads": ["1"], "gaps": ["drift"], "findings": findings}


def test_a_report_of_compare():
    told = {**A, "fails": True, "severity": "error", "details": "long"}
    note = {**B, "fails": False, "severity": "note"}
    read = databases_of({"databases": [_database(told, note)]})
    assert read == {"x": checked({**A, "severity": "error"}, gaps=frozenset({"drift"}))}


def test_a_report_of_fleet():
    told = {**A, "fails": True, "severity": "error"}
    members = [{"name": "p"}, {"name": "q"}]
    report = {
        "clusters": [{"members": members, "compared": _database(told)}],
        "not_checked": [{"name": "r", "reason": "refused"}],
    }
    one = checked({**A, "severity": "error"}, gaps=frozenset({"drift"}))
    assert databases_of(report) == {"p": one, "q": one, "r": DatabaseRound("refused")}
