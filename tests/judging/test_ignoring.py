"""What a project ignores: read as it is meant, taken out of reports, told where it is in vain."""

from datetime import date

import pytest

from driftcheck.chain import CHAIN, Gap
from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.config.settings import load_settings
from driftcheck.errors import ConfigurationError, ExitCode
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.schema import Address

TODAY = date(2026, 11, 24)


def drift(*path, rule="drift-index-extra", schema="public"):
    address = Address("index", schema, path)
    whole = Address("table", schema, ("students",))
    return Finding(
        rule, Severity.ERROR, "It differs.", Verdict.DRIFT, address=address, part_of=whole
    )


FAULT = Finding("history-broken", Severity.ERROR, "It fails.")


def report(*findings, gaps=CHAIN, **facts):
    database = DatabaseReport(
        "school", "", "postgresql", "18", (), (), findings, Coverage({"tables": 1}), gaps, **facts
    )
    return Report("school", (database,))


def entry(rule="drift-index-*", address="", until=None):
    return IgnoreEntry(rule, "because", address, until)


def told(report):
    return [finding.rule for finding in report.findings]


def test_what_is_ignored_does_not_fail_and_is_kept_with_its_reason():
    found = without_ignored(report(drift("a"), drift("b")), [entry(address="public.a")], TODAY)
    assert [one.address.name for one in found.findings] == ["b"]
    ((one,),) = (database.ignored for database in found.databases)
    assert (one.finding.address.name, one.reason, one.until) == ("a", "because", None)
    assert found.exit_code is ExitCode.FOUND
    assert without_ignored(report(drift("a")), [entry()], TODAY).exit_code is ExitCode.CLEAN


@pytest.mark.parametrize(
    ("rule", "address", "path", "matches"),
    [
        ("drift-index-extra", "", ("a",), True),
        ("drift-index", "", ("a",), False),
        ("drift-*", "", ("a",), True),
        ("*", "public.audit_*", ("audit_x",), True),
        ("*", "public.audit_*", ("audit",), False),
        ("*", "*.audit_?", ("audit_1",), True),
        ("DRIFT-*", "", ("a",), False),
        ("*", "public.A*", ("a",), False),
        ("*", 'public."A b"', ("A b",), True),
        ("*", "public.A b", ("A b",), False),
        ("*", "public.[ab]", ("b",), True),
        ("*", "public.a*", ("a", "inner"), True),
        ("*", "", ("a\nb",), True),
        ("*", "public.students", ("a",), True),
        ("*", "public.stud", ("a",), False),
    ],
)
def test_patterns(rule, address, path, matches):
    found = without_ignored(report(drift(*path)), [entry(rule, address)], TODAY)
    assert bool(found.ignored) == matches


def test_an_address_does_not_match_what_is_of_no_object():
    assert not without_ignored(report(FAULT), [entry("*", "*")], TODAY).ignored
    assert without_ignored(report(FAULT), [entry("history-*")], TODAY).ignored


def test_an_entry_counts_through_its_last_day():
    for last, rules in [
        (date(2026, 11, 24), []),
        (date(2026, 11, 25), []),
        (date(2026, 11, 23), ["ignore-expired", "drift-index-extra"]),
    ]:
        found = without_ignored(report(drift("a")), [entry(until=last)], TODAY)
        assert told(found) == rules
        assert len(found.ignored) == (not rules)


def test_an_entry_that_has_ended_is_told_whatever_was_looked_at():
    ended = entry(until=date(2026, 1, 31))
    found = without_ignored(report(gaps=()), [ended], TODAY, whole=False)
    assert told(found) == ["ignore-expired"]
    assert "2026-01-31" in found.findings[0].message
    assert not found.fails(found.findings[0])


@pytest.mark.parametrize(
    ("rule", "address", "gaps", "in_vain"),
    [
        ("drift-index-*", "", CHAIN, True),
        ("drift-index-*", "", (Gap.DRIFT,), True),
        ("drift-index-*", "", (Gap.PENDING, Gap.UNAPPLIED), False),
        ("pending-table-extra", "", (Gap.DRIFT,), False),
        ("pending-table-extra", "", (Gap.PENDING,), True),
        ("hand-applied-*", "", (Gap.DRIFT,), False),
        ("hand-applied-*", "", (Gap.PENDING, Gap.DRIFT), True),
        ("d*", "", (Gap.DRIFT,), True),
        ("[dp]*", "", (Gap.DRIFT,), False),
        ("*", "public.a", CHAIN, False),
        ("*-domain-*", "public.a", (Gap.DRIFT,), False),
        ("*-domain-*", "public.a", CHAIN, True),
        ("live-*", "public.a", CHAIN, False),
        ("*", "", CHAIN, False),
        ("history-*", "", CHAIN, False),
        ("difference-*", "", CHAIN, False),
        ("difference-*", "", (Gap.DIFFERENCE,), True),
        ("*-domain-*", "public.a", (Gap.DIFFERENCE,), False),
        ("drfit-*", "", (), True),
    ],
)
def test_an_entry_that_ignores_nothing_is_told_where_all_it_can_be_about_was_looked_at(
    rule, address, gaps, in_vain
):
    found = without_ignored(report(gaps=gaps), [entry(rule, address)], TODAY)
    assert told(found) == ["ignore-unmatched"] * in_vain
    assert not told(without_ignored(report(gaps=gaps), [entry(rule, address)], TODAY, whole=False))


def test_an_entry_is_in_vain_only_where_no_database_needs_it():
    both = Report("school", (*report().databases, *report(drift("a")).databases))
    assert told(without_ignored(both, [entry()], TODAY)) == []
    half = Report("school", (*report().databases, *report(gaps=()).databases))
    assert told(without_ignored(half, [entry()], TODAY)) == []


def test_of_several_entries_the_first_that_fits_gives_the_reason():
    first = IgnoreEntry("drift-*", "first", "public.a")
    found = without_ignored(report(drift("a")), [first, entry()], TODAY)
    assert [one.reason for one in found.ignored] == ["first"]
    assert told(found) == []


def test_an_entry_as_it_is_written(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.driftcheck]\n"
        'ignore = [{rule = "drift-*", address = "public.a", reason = "so", until = 2027-01-31}]\n'
    )
    (read,) = load_settings(tmp_path, {}).ignore
    assert read == IgnoreEntry("drift-*", "so", "public.a", date(2027, 1, 31))
    assert str(read) == "drift-* at public.a"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("5", "ignore must be a list of tables"),
        ('"drift-*"', "ignore must be a list of tables"),
        ('["drift-*"]', "ignore must be a list of tables"),
        ('[{rule = "a"}]', "has no reason"),
        ('[{reason = "a"}]', "has no rule"),
        ('[{rule = "a", reason = " "}]', "reason in an entry of ignore must be a string that is"),
        ('[{rule = 5, reason = "a"}]', "rule in an entry of ignore must be a string that is"),
        ('[{rule = "a", reason = "a", till = 2027-01-31}]', "unknown key: till"),
        ('[{rule = "a", reason = "a", until = "2027-01-31"}]', "must be a date, not '2027-01-31'"),
        ('[{rule = "a", reason = "a", until = 2027-01-31T00:00:00}]', "must be a date"),
    ],
)
def test_an_entry_that_cannot_be(tmp_path, text, words):
    (tmp_path / "pyproject.toml").write_text(f"[tool.driftcheck]\nignore = {text}\n")
    with pytest.raises(ConfigurationError, match=words) as caught:
        load_settings(tmp_path, {})
    assert caught.value.hint
    assert caught.value.exit_code is ExitCode.USAGE
