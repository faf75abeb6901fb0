"""The terminal format shows what matters in outputs of any width."""

import re
from dataclasses import replace

import pytest
from rich.cells import cell_len

from driftcheck.chain import Gap, Side
from driftcheck.judging.comparison import ChangeType, Difference
from driftcheck.judging.findings import AttributeValues, Finding, Remedy, Severity, Verdict
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.reports import OutputStyle, render
from driftcheck.reports.terminal.counting import counted
from driftcheck.schema import Address
from tests.reports.conftest import new_in_models

TERMINAL = OutputStyle(terminal=True)
WIDTHS = (20, 40, 60, 80, 120, 200)


def with_remedy(report, code):
    """A fault whose remedy is this code, in the facts of another report."""
    finding = Finding(
        "history-broken", Severity.ERROR, "It fails.", remedies=(Remedy("repair", "So.", "", code),)
    )
    return replaced(report, findings=(finding,))


def replaced(report, **changes):
    database = report.databases[0]
    facts = {name: getattr(database, name) for name in database.__dataclass_fields__}
    return Report(report.project, (DatabaseReport(**{**facts, **changes}),))


def without_colour(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_clean_report_is_short(samples):
    lines = [line for line in render(samples["clean"]).splitlines() if line]
    assert len(lines) == 6
    assert lines[-1] == "✓ In step: models, migrations and database have the same schema."


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("indent", ["", "    "])
def test_code_can_be_copied_at_any_width(width, indent, samples):
    code = f"CREATE FUNCTION f()\n{indent}AS $$\n\tSELECT '[bold]  {'x' * 300}';\n\n$$;"
    text = render(with_remedy(samples["clean"], code), "terminal", OutputStyle(width=width))
    assert f"\n\n{code}\n\n" in text
    one_line = code.replace("\n", " ")
    text = render(with_remedy(samples["clean"], one_line), "terminal", OutputStyle(width=width))
    assert f"\n\n    {one_line}\n\n" in text


def test_code_with_escaped_characters_says_so(samples):
    note = "--format json has the original"
    assert note in render(with_remedy(samples["clean"], "SELECT '\x1b'"))
    assert note in render(
        with_remedy(samples["clean"], "SELECT 'ü'"), output=OutputStyle(encoding="ascii")
    )
    assert note not in render(with_remedy(samples["clean"], "SELECT 'ü';\n\t-- 1"))


def test_paths_and_urls_are_never_broken(samples):
    for width in WIDTHS:
        text = render(samples["tutorial"], "terminal", OutputStyle(width=width))
        assert "migrations/versions/0414d1b7a2ae_create_students.py:21" in text
        assert "postgresql://app@localhost:5432/school" in text


@pytest.mark.parametrize("width", [40, 60, 80, 120])
def test_prose_keeps_to_the_width(width, samples):
    text = render(samples["many"], "terminal", OutputStyle(width=width))
    prose = [line for line in text.splitlines() if len(line.split()) > 2]
    assert max(map(cell_len, prose)) <= width


def test_colour_changes_nothing_but_colour(sample):
    coloured = render(sample, "terminal", OutputStyle(colour=True))
    assert coloured != render(sample)
    assert without_colour(coloured) == render(sample)


@pytest.mark.parametrize(
    "output", [OutputStyle(), OutputStyle(colour=True)], ids=["plain", "colour"]
)
@pytest.mark.parametrize("name", ["FORCE_COLOR", "NO_COLOR", "COLUMNS", "TTY_COMPATIBLE"])
def test_environment_variables_have_no_effect(name, output, samples, monkeypatch):
    before = render(samples["tutorial"], output=output)
    monkeypatch.setenv(name, "1")
    assert render(samples["tutorial"], output=output) == before


def test_markup_in_names_is_text(samples):
    assert "[bold]x[/bold]" in render(samples["hostile"])


def test_a_gap_that_was_not_compared_is_never_in_step(samples):
    text = render(replaced(samples["clean"], gaps=(Gap.PENDING,)))
    assert text.count("not compared") == 2
    assert text.endswith("In step, as far as compared: models, head.\n")


def test_nothing_compared_is_never_in_step(samples):
    text = render(replaced(samples["clean"], coverage=Coverage({"tables": 0})))
    assert "in step" not in text
    assert "exit code 3" in text


def test_an_operation_for_the_migration_is_no_second_step(samples):
    remedy = Remedy("write the migration", "Run migrate.", "python", "op.drop_index('ix')")
    operation = Finding(
        "pending-operation",
        Severity.ERROR,
        "migrate would write an operation that belongs to no other failing finding",
        verdict=Verdict.PENDING,
        remedies=(remedy,),
    )
    text = render(replaced(samples["clean"], findings=(new_in_models(), operation)))
    assert "First: write the pending migration (2 findings)." in text
    assert "Next: write the pending migration, then run" in " ".join(text.split())


def test_hand_applied_shows_in_both_of_its_gaps(samples):
    states = render(samples["hand-applied"]).splitlines()[4]
    assert states.split("  ")[-1].strip() == "✗ 1 finding"
    assert states.count("✗ 1 finding") == 2


def test_many_findings_stay_readable_and_all_are_counted(samples):
    text = render(samples["many"], output=TERMINAL)
    assert len(text.splitlines()) < 130
    shown = len(re.findall(r"^[✗·] column", text, flags=re.MULTILINE))
    left_out = int(re.search(r"… and (\d+) more findings", text).group(1))
    assert shown == 80
    assert shown + left_out == 500
    assert "driftcheck compare --verbose" in text
    assert "500 findings, 490 of which fail the check" in text


@pytest.mark.parametrize(
    "output", [OutputStyle(), OutputStyle(full=True), OutputStyle(terminal=True, full=True)]
)
def test_a_file_a_pipe_and_verbose_get_everything(output, samples):
    text = render(samples["many"], "terminal", output)
    assert text.count("\n  drift-column-missing\n") == 500
    assert len(re.findall(r"^[✗·] column .*: dropped$", text, flags=re.MULTILINE)) == 500
    assert "more finding" not in text
    assert "left out" not in text


def test_a_report_that_exceeds_a_screen_says_at_its_beginning_what_to_do(samples):
    step = "First: repair the drift (`driftcheck repair`) or adopt it (`driftcheck adopt`)"
    for name in ("tutorial", "function-changed", "many"):
        lines = render(samples[name], output=TERMINAL).splitlines()
        assert any(line.startswith(step) for line in lines[:13])
    first, *_, last = render(samples["several-databases"], output=TERMINAL).splitlines()
    assert first == "✗ school: 1 finding, which fails the check"
    assert last.endswith("`driftcheck compare` again.")
    lines = render(samples["gate"], output=TERMINAL).splitlines()
    assert lines[2] == "  ✗ the history builds from nothing"


def test_a_report_that_fits_a_screen_says_nothing_twice(samples):
    for name in ("clean", "conflict", "nothing-compared"):
        text = render(samples[name], output=TERMINAL)
        assert "First:" not in text
        assert len(text.splitlines()) <= 24


def test_a_hazard_that_does_not_fail_the_check_has_no_next_step(samples):
    (database,) = samples["gate"].databases
    (fault,) = database.findings
    hazard = replace(fault, rule="hazard-lock", severity=Severity.WARNING)
    report = replace(
        samples["gate"], databases=(replace(database, findings=(hazard,)),), fail_on=frozenset()
    )
    assert render(report).endswith("No finding fails the check; 1 informational finding.\n")


def test_further_commands_need_the_database_that_an_option_names(samples):
    for name in ("tutorial", "colleague-fails"):
        report = replace(samples[name], names_database=True)
        text = " ".join(render(report).split())
        again = f"run `{report.command}` again, always with the same --database-url."
        assert text.endswith(again)


def test_the_summary_of_many_findings_names_their_objects(samples):
    text = render(samples["many"], output=TERMINAL)
    assert "    table public.table_01 (10), table public.table_02 (10), table\n" in text
    assert "table_03 (10) and 46 more\n" in text


def test_errors_come_before_notes(samples):
    text = render(samples["many"], "terminal", OutputStyle(full=True))
    assert text.index("table public.table_01 ") < text.index("table public.table_00 ")


def test_a_shared_remedy_is_shown_once(samples):
    text = render(samples["unapplied"])
    assert text.count("flask db upgrade") == 1
    assert "for 2 of these findings" in text


def changed(change, definitions, *differences):
    return Finding(
        "drift-column",
        Severity.ERROR,
        "It differs.",
        verdict=Verdict.DRIFT,
        change=change,
        address=Address("column", "public", ("students", "age")),
        definitions=definitions,
        differences=differences,
        attribute_values=tuple(
            AttributeValues(
                d.attribute,
                {side: d.actual if side is Side.LIVE else d.wanted for side in definitions},
            )
            for d in differences
        ),
    )


def rows_of(finding, samples):
    text = render(replaced(samples["clean"], findings=(finding,)))
    return text.split("drift-column\n\n")[1].split("\n\n")[0]


def test_a_change_shows_what_differs_and_no_more(samples):
    sides = {Side.HEAD: "integer, a", Side.STAMPED: "integer, a", Side.LIVE: "integer, b"}
    finding = changed(ChangeType.CHANGED, sides, Difference("default", "a", None))
    assert (
        rows_of(finding, samples) == "  head, stamped  default  a\n  live           default  none"
    )


def test_a_change_that_no_definition_shows_is_shown_for_the_two_sides_of_its_gap(samples):
    sides = {Side.STAMPED: "integer", Side.LIVE: "integer"}
    finding = changed(ChangeType.CHANGED, sides, Difference("comment", "", "x"))
    assert rows_of(finding, samples) == "  stamped  comment  ''\n  live     comment  x"


def test_a_rename_shows_the_definitions_for_they_hold_the_name(samples):
    sides = {Side.STAMPED: "integer", Side.LIVE: "years: bigint"}
    finding = changed(ChangeType.RENAMED, sides, Difference("type", "integer", "bigint"))
    assert rows_of(finding, samples) == "  stamped  integer\n  live     years: bigint"


def test_long_details_lose_their_middle_only(samples):
    lines = [f"line {number}" for number in range(100)]
    fault = Finding("history-broken", Severity.ERROR, "It fails.", details="\n".join(lines))
    report = replaced(samples["clean"], findings=(fault,))
    text = render(report, output=TERMINAL)
    assert "line 0\n" in text
    assert "line 99\n" in text
    assert "88 lines left out" in text
    assert all(f"{line}\n" in render(report) for line in lines)


@pytest.mark.parametrize(
    ("singular", "plural"),
    [
        ("table", "tables"),
        ("index", "indexes"),
        ("policy", "policies"),
        ("foreign key", "foreign keys"),
        ("operator class", "operator classes"),
        ("type", "types"),
        ("sequence", "sequences"),
        ("statistics object", "statistics objects"),
        ("check", "checks"),
    ],
)
def test_counts_are_grammatical_for_singular_and_plural_nouns(singular, plural):
    for noun in (singular, plural):
        assert counted(1, noun) == f"1 {singular}"
        assert counted(2, noun) == f"2 {plural}"


def test_a_blind_spot_is_marked_in_brief_and_comes_before_its_equals(samples):
    seen = Finding("pending-a", Severity.ERROR, "One.", verdict=Verdict.PENDING)
    unseen = Finding("pending-b", Severity.ERROR, "Two.", verdict=Verdict.PENDING, blind_spot=True)
    report = replaced(samples["tutorial"], findings=(*[seen] * 11, unseen))
    text = render(report, output=TERMINAL)
    assert text.index("✗ Two.  not detected by autogenerate\n") < text.index("✗ One.\n")


def test_the_summary_comes_first_and_what_fails_before_what_does_not(samples):
    text = render(samples["several-verdicts"], output=TERMINAL)
    order = [
        "7 findings, 6 of which fail the check",
        "✗ the project itself, its migrations",
        "✗ conflict:",
        "✗ drift:",
        "✗ hand-applied:",
        "✗ pending:",
        "· pending:",
        "First: fix the revision:",
        "\n── ",
    ]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


LINES = [
    "models: character varying(64) → text; live: character varying(64) → character varying(32)",
    "mood: values added angry; removed happy",
    "last_name: dropped",
    "age: integer → bigint",
    "age: only in the models: integer",
]


@pytest.mark.parametrize("format_name", ["terminal", "markdown"])
@pytest.mark.parametrize("line", LINES)
def test_each_line_of_the_summary_says_the_difference(line, format_name, samples):
    text = render(samples["several-verdicts"], format_name, OutputStyle(width=120))
    assert line in text.replace("\\", "").replace("\n      ", " ")


VALUES = {
    "conflict-column-changed": {
        "models": "text",
        "head, stamped": "character varying(64)",
        "live": "character varying(32)",
    },
    "hand-applied-column-changed": {"models, live": "bigint", "head, stamped": "integer"},
}


@pytest.mark.parametrize("format_name", ["terminal", "markdown", "github", "junit", "sarif"])
@pytest.mark.parametrize("rule", VALUES)
def test_values_stand_beside_the_sides_that_have_them(rule, format_name, samples):
    findings = samples["several-verdicts"].findings
    finding = next(finding for finding in findings if finding.rule == rule)
    text = render(replaced(samples["clean"], findings=(finding,)), format_name)
    for sides, value in VALUES[rule].items():
        assert re.search(rf"{sides}:?\s+(type\s+)?`?{re.escape(value)}", text)
