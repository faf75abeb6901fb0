"""The html report as a value: what it puts side by side, marks, groups and draws."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from driftcheck.chain import Gap, Side
from driftcheck.judging.findings import AttributeValues
from driftcheck.judging.report import HistoryRevision, Report
from driftcheck.process import masking
from driftcheck.reports import OutputStyle, render
from driftcheck.reports.html.causes import causes
from driftcheck.reports.html.marking import Piece, marked
from driftcheck.reports.html.matrix import Cell, matrix
from driftcheck.reports.html.sides import compared_values
from driftcheck.reports.html.timeline import ancestors, timeline
from driftcheck.reports.web import inline, prose


class Tags(HTMLParser):
    """The tags and the attributes of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.ids, self.loaded = set(), set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.ids += [value for name, value in attrs if name == "id"]
        self.loaded += [v for k, v in attrs if k in ("src", "href") and not v.startswith("#")]


def test_the_page_is_one_file_of_our_tags_alone(sample):
    page = Tags(render(sample, "html"))
    assert page.loaded == []
    assert page.tags.isdisjoint({"link", "img", "iframe", "form", "base"})
    assert not {name for name in page.attributes if name.startswith("on")} | (
        page.attributes & {"style", "srcdoc"}
    )
    assert len(page.ids) == len({*page.ids})


def test_the_policy_allows_the_style_and_the_script_of_the_page(samples):
    page = render(samples["tutorial"], "html", OutputStyle(encoding="ascii"))
    style, script = inline("base.css", "html/page.css"), inline("html/page.js")
    assert f"<style>{style.text}</style>" in page
    assert f"<script>{script.text}</script>" in page
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', page)[1]
    assert policy.startswith("default-src 'none'; ")
    assert f"style-src {style.source}; script-src {script.source};" in policy


def test_every_colour_has_a_value_for_both_schemes():
    text = str(inline("base.css", "html/page.css").text)
    used = {*re.findall(r"var\((--[\w-]+)\)", text)}
    assert used
    assert {name: len(re.findall(f"{name}:", text)) for name in used} == dict.fromkeys(used, 2)


@pytest.mark.parametrize(
    ("text", "other", "shown"),
    [
        ("text", "text", "text"),
        ("character varying(64)", "character varying(32)", "character varying([64])"),
        ("a b c", "a x y", "a [b c]"),
        ("integer", "", "[integer]"),
        ("one\ntwo\nthree\n", "one\nthree\n", "one\n[two\n]three\n"),
        ("RETURN now();\nEND", "RETURN then();\nEND", "RETURN [now]();\nEND"),
    ],
)
def test_what_differs_is_marked(text, other, shown):
    pieces = marked(text, other)
    assert "".join(piece.text for piece in pieces) == text
    assert "".join(f"[{p.text}]" if p.differs else p.text for p in pieces) == shown


def test_a_very_long_line_is_marked_as_a_whole():
    text = "a, " * 500
    assert marked(text, text + "b") == [Piece(text, differs=True)]


def columns(finding):
    return [
        (value.name, {c.sides: "".join(p.text for p in c.pieces or ()) for c in value.columns})
        for value in compared_values(finding)
    ]


def test_the_four_values_are_side_by_side(samples):
    (finding,) = samples["conflict"].findings
    assert columns(finding) == [
        (
            "type",
            {
                ("models",): "text",
                ("head",): "character varying(64)",
                ("stamped",): "character varying(64)",
                ("live",): "character varying(32)",
            },
        )
    ]
    (value,) = compared_values(finding)
    assert [column.is_reference for column in value.columns] == [False, True, True, False]


def test_sides_that_agree_share_a_long_value(samples):
    (finding,) = samples["function-changed"].findings
    assert [sides for sides, _ in columns(finding)[0][1].items()] == [
        ("head", "stamped"),
        ("live",),
    ]


def test_an_object_that_does_not_exist_has_no_value(samples):
    (finding,) = samples["tutorial"].findings
    (value,) = compared_values(finding)
    assert [column.pieces is None for column in value.columns] == [False, False, False, True]


SAME, MISSING = Cell("same"), Cell("note", ("missing",))
ROWS = {
    "tutorial": [[SAME, SAME, SAME, Cell("error", ("1 missing",))]],
    "hand-applied": [[Cell("error", ("1 extra",)), SAME, SAME, Cell("error", ("1 extra",))]],
    "conflict": [[Cell("error", ("1 changed",)), SAME, SAME, Cell("error", ("1 changed",))]],
    "unapplied": [[SAME, SAME, MISSING, MISSING]] * 2,
    "function-changed": [[Cell("unknown"), SAME, SAME, Cell("error", ("1 changed",))]],
    "history-broken": [],
    "two-databases": [[SAME, Cell("error", ("1 changed",))]],
    "clean": [],
}


@pytest.mark.parametrize("name", ROWS)
def test_the_matrix_shows_which_schema_differs(name, samples):
    report = samples[name]
    table = matrix(report.databases[0], report)
    assert [[*row.cells] for row in table.rows] == ROWS[name]


@pytest.mark.parametrize(
    ("name", "reference"),
    [("tutorial", "what the migrations build"), ("two-databases", "the first database")],
)
def test_the_matrix_says_what_the_schemas_are_compared_with(name, reference, samples):
    assert f"Each schema is compared with {reference}." in render(samples[name], "html")


def test_the_matrix_says_that_a_table_exists_nowhere_else(samples):
    report = samples["unapplied"]
    finding = replace(
        report.findings[0],
        definitions={Side.MODELS: None, Side.HEAD: None, Side.STAMPED: None, Side.LIVE: "id int"},
    )
    database = replace(report.databases[0], findings=(finding,))
    (row,) = matrix(database, report).rows
    assert row.cells == (*[Cell("none")] * 3, Cell("note", ("extra",)))


def test_causes_come_in_the_order_in_which_to_act(samples):
    report = samples["several-verdicts"]
    found = causes(report.databases[0], report)
    assert [(cause.name, cause.level) for cause in found] == [
        ("project", "error"),
        ("conflict", "error"),
        ("drift", "error"),
        ("hand-applied", "error"),
        ("pending", "error"),
        ("pending", "note"),
    ]
    findings = [f for cause in found for group in cause.groups for f in group.findings]
    assert sorted(map(id, findings)) == sorted(map(id, report.findings))


def test_a_remedy_for_all_is_said_once_and_revisions_group_what_they_would_do(samples):
    report = samples["unapplied"]
    (cause,) = causes(report.databases[0], report)
    assert [*cause.remedies.values()] == [2]
    assert render(report, "html").count("flask db upgrade") == 1
    origin = samples["tutorial"].findings[0].origin
    findings = tuple(replace(finding, origin=origin) for finding in report.findings)
    (cause,) = causes(replace(report.databases[0], findings=findings), report)
    assert [group.title for group in cause.groups] == ["revision 0414d1b7a2ae: create students"]


def history(count):
    return tuple(
        HistoryRevision(f"r{n}", f"change {n}", f"{n}.py", (f"r{n - 1}",) if n else ())
        for n in range(count)
    )


def test_a_branch_that_has_not_run_is_no_ancestor():
    branched = (*history(3), HistoryRevision("branch", parents=("r0",)))
    assert ancestors(["r2"], branched) == {"r0", "r1", "r2"}
    assert ancestors(["branch", "unknown"], branched) == {"r0", "branch"}


def on_timeline(database):
    rows = [row for part in timeline(database).parts for row in part.rows]
    return {row.revision.revision: (row.labels, row.is_applied, row.deviation) for row in rows}


def test_the_timeline_has_live_stamped_and_head(samples):
    database = samples["unapplied"].databases[0]
    assert on_timeline(database) == {
        "8f2b6c1d0a9e": (("head",), False, ""),
        "0414d1b7a2ae": (("stamped", "live"), True, ""),
    }
    drifted = replace(database, findings=samples["tutorial"].findings)
    assert on_timeline(drifted)["0414d1b7a2ae"] == (
        ("stamped",),
        True,
        "differs from this revision",
    )
    unread = replace(database, gaps=(Gap.PENDING,), stamped=())
    assert on_timeline(unread)["0414d1b7a2ae"] == ((), None, "")


def test_the_timeline_names_an_unknown_stamp(samples):
    database = replace(samples["tutorial"].databases[0], stamped=("gone",))
    assert timeline(database).unknown == ("gone",)


def test_a_long_history_is_folded_and_nothing_is_lost(samples):
    database = replace(
        samples["clean"].databases[0], history=history(500), stamped=("r100",), heads=("r499",)
    )
    parts = timeline(database).parts
    assert [(len(part.rows), part.is_folded) for part in parts] == [
        (2, False),
        (396, True),
        (3, False),
        (98, True),
        (1, False),
    ]


def test_commands_in_a_sentence_are_code_and_its_names_are_text():
    assert prose("Run `a <b>`.") == "Run <code>a &lt;b&gt;</code>."
    assert prose("An odd ` & sign") == "An odd ` &amp; sign"


def test_a_password_is_masked_before_marks_divide_it(samples, monkeypatch):
    monkeypatch.setattr(masking, "_secrets", {"old-s3cret-1", "new-s3cret-2"})
    (conflict,) = samples["conflict"].findings
    values = {Side.HEAD: "url old-s3cret-1", Side.STAMPED: "url old-s3cret-1"}
    values[Side.LIVE] = "url new-s3cret-2"
    finding = replace(conflict, attribute_values=(AttributeValues("default", values),))
    database = replace(samples["conflict"].databases[0], findings=(finding,))
    page = render(Report("school", (database,)), "html")
    assert "s3cret" not in page
    assert "url ***" in page
    assert "s3cret" not in prose("Run `driftcheck old-s3cret-1`.")


def test_several_databases_are_told_apart(samples):
    page = render(samples["several-databases"], "html")
    assert "History in <bdi>archive</bdi>" in page
    assert page.count('<ol class="chain">') == 2


def test_a_page_of_many_findings_has_them_all(samples):
    page = render(samples["many"], "html")
    assert page.count('<details class="finding ') == 500
    assert '<details class="finding error" id="finding-2"' in page
    assert " open>" not in page.partition('id="findings"')[2].partition("</section>\n</main>")[0]


def test_code_with_escapes_says_so(samples):
    note = "--format json has the original"
    assert note in render(samples["hostile"], "html")
    assert note not in render(Report("school", samples["tutorial"].databases), "html")
