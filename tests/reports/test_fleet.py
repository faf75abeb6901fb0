"""The report formats of a fleet, compared with golden files.

UPDATE_GOLDEN=1 python -m pytest tests/reports/test_fleet.py
"""

import json
import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest
from referencing import Registry, Resource

from driftcheck.chain import Gap
from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import Finding, Severity, Verdict
from driftcheck.judging.fleet_results import Cluster, FleetResult, MemberLabel, NotChecked
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.reports.fleet import FORMATS, render
from driftcheck.reports.output_style import OutputStyle
from driftcheck.schema import Address
from tests.reports.test_json import closed

HERE = Path(__file__).parent / "golden_fleet"
DOCS = Path(__file__).parent.parent.parent / "docs"
HOSTILE = "<b>&amp;'\"\n\x1b[31m\u202e```{{ 7 * 7 }}"
INDEX = Address("index", "public", ("ix_orders_day",))
HEAD = ("3f2a91bc04de",)


def label(name, group=""):
    location = f"postgresql://reader@db.example.com/{name.replace('-', '_')}"
    reference = f"env:{name.upper().replace('-', '_')}"
    command = f'driftcheck compare --database-url "${reference[4:]}"'
    return MemberLabel(name, group, location, reference, command)


def drift(address, change=ChangeType.MISSING):
    message = f"{address} was dropped outside the migrations"
    return Finding(
        f"drift-{address.kind}-{change}", Severity.ERROR, message, Verdict.DRIFT, change, address
    )


def database(name, *findings, stamped=HEAD):
    coverage = Coverage({"tables": 3})
    return DatabaseReport(
        name,
        "",
        "postgresql",
        "18.1",
        stamped,
        HEAD,
        findings,
        coverage,
        (Gap.UNAPPLIED, Gap.DRIFT),
    )


def fleet(*clusters, not_checked=(), **values):
    made = tuple(Cluster(tuple(members), report) for members, report in clusters)
    report = Report("school", tuple(cluster.report for cluster in made), command="driftcheck fleet")
    return FleetResult(made, tuple(not_checked), report, heads=HEAD, **values)


IN_STEP = ([label(f"eu-{n}", "eu") for n in range(1, 13)], database("eu-1"))
UNAPPLIED = replace(drift(INDEX), rule="unapplied-index-missing", verdict=Verdict.UNAPPLIED)
BEHIND = ([label("staging")], database("staging", UNAPPLIED, stamped=("9d01c7a1b2c3",)))
FEW = (
    [label(f"us-{n}", "us") for n in range(1, 3)],
    database("us-1", drift(INDEX)),
)
MANY = (
    [label(f"ap-{n}") for n in range(1, 11)],
    database("ap-1", *(drift(Address("column", "public", ("t", f"c{n}"))) for n in range(8))),
)
HINT = "Check that the server runs."
GONE = (NotChecked(label("gone"), "cannot connect to postgresql://db/gone: timeout", HINT),)
NASTY = MemberLabel(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
FAULT = Finding("ignore-unmatched", Severity.WARNING, "an entry of ignore matches nothing")
SAMPLES = {
    "in-step": fleet(IN_STEP),
    "exceptions": fleet(IN_STEP, MANY, FEW, BEHIND, not_checked=GONE, resumed=3),
    "not-checked": fleet(IN_STEP, not_checked=GONE, faults=(FAULT,)),
    "hostile": fleet(
        ([NASTY], database(HOSTILE, drift(Address("table", HOSTILE, (HOSTILE,))))),
        not_checked=[NotChecked(NASTY, HOSTILE, HOSTILE)],
    ),
}
NARROW = OutputStyle(width=80, terminal=True)
STYLES = {"terminal": NARROW, "json": OutputStyle(), "html": OutputStyle()}


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("form", FORMATS)
def test_golden(name, form):
    text = render(SAMPLES[name], form, STYLES[form])
    path = HERE / f"{name}.{'txt' if form == 'terminal' else form}"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_is_used():
    endings = {"terminal": "txt", "json": "json", "html": "html"}
    expected = {f"{name}.{endings[form]}" for name in SAMPLES for form in FORMATS}
    assert {path.name for path in HERE.iterdir()} == expected


@pytest.mark.parametrize("name", SAMPLES)
def test_json_holds_to_its_schema(name):
    schemas = [
        json.loads((DOCS / f"{name}.schema.json").read_text()) for name in ("report", "fleet")
    ]
    report, own = map(closed, schemas)
    registry = Registry().with_resource("report.schema.json", Resource.from_contents(report))
    validator = jsonschema.Draft202012Validator(own, registry=registry)
    assert [*validator.iter_errors(json.loads(render(SAMPLES[name], "json", OutputStyle())))] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_the_terminal_is_not_wider_than_it_is(name):
    for line in render(SAMPLES[name], "terminal", NARROW).splitlines():
        assert len(line) <= 80 or " " not in line.strip(" ✗")
        assert line.isprintable()


def test_all_is_written_outside_of_a_terminal():
    shown = render(SAMPLES["exceptions"], "terminal", NARROW)
    written = render(SAMPLES["exceptions"], "terminal", OutputStyle())
    assert "3 findings left out" in shown
    assert "and 2 more" in shown
    assert all(text in written for text in ("public.t.c7", "ap-10"))


class Tags(HTMLParser):
    """The tags of a page, its text, and what it would load."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text, self.loaded, self.open = set(), "", [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        if tag not in ("meta", "br", "!doctype"):
            self.open.append(tag)
        self.loaded += [v for k, v in attrs if k in ("src", "href") and not v.startswith("#")]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("name", SAMPLES)
def test_the_page_is_one_file(name):
    page = render(SAMPLES[name], "html", OutputStyle())
    read = Tags(page)
    assert (read.loaded, read.open) == ([], [])
    assert read.tags.isdisjoint({"b", "script", "link", "img"})
    assert "url(" not in page
    assert {c for c in page if not c.isprintable()} == {"\n"}


def test_the_page_has_both_colour_schemes_and_any_encoding():
    page = render(SAMPLES["exceptions"], "html", OutputStyle(encoding="ascii"))
    assert page.isascii()
    assert "prefers-color-scheme: dark" in page
    variables = set(re.findall(r"var\((--\w+)\)", page))
    assert all(page.count(f"{variable}: ") == 2 for variable in variables)


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("in-step", ExitCode.CLEAN),
        ("exceptions", ExitCode.FOUND),
        ("not-checked", ExitCode.CANNOT_CHECK),
    ],
)
def test_the_exit_code(name, code):
    assert SAMPLES[name].exit_code is code
