"""Holds every form against golden files.

After a change on purpose, renew them and read what changed before you commit it:

    UPDATE_GOLDEN=1 python -m pytest tests/reports
    git diff tests/reports/golden docs/json.md
"""

import importlib
import os
import pkgutil
import re
from pathlib import Path

import pytest

from driftcheck import reports
from driftcheck.reports import FORMATS, PLAIN, OutputStyle, format_named, render

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGES = {
    "40-columns": OutputStyle(width=40),
    "120-columns": OutputStyle(width=120),
    "ascii": OutputStyle(encoding="ascii"),
    "colour": OutputStyle(colour=True),
}
FOR_CI = {"github": ".github.txt", "sarif": ".sarif", "junit": ".xml", "markdown": ".md"}
IN_CI = [
    "clean",
    "tutorial",
    "pending",
    "function-changed",
    "history-broken",
    "nasty",
    "ignored",
    "gate",
    "colleague-from-everywhere",
    "hostile-play",
    "located-nearest",
]


def check_golden(text, file):
    """Compare with a golden file byte for byte, or renew it where that is asked for."""
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode(), "see the head of test_forms.py to renew it"


def test_every_form_has_golden_files():
    assert list(FORMATS) == ["terminal", "json", *FOR_CI]


def test_every_file_with_a_form_is_a_choice_of_format():
    modules = {
        name: importlib.import_module(f"driftcheck.reports.{name}")
        for _, name, _ in pkgutil.iter_modules(reports.__path__)
    }
    forms = {name: module.render for name, module in modules.items() if hasattr(module, "render")}
    assert {name: format_named(name) for name in FORMATS} == forms
    assert FORMATS[0] == "terminal"


def test_terminal_form(sample, request):
    name = request.node.callspec.id
    check_golden(render(sample), HERE / "golden" / f"{name}.txt")


def test_json_form(small_sample, request):
    name = request.node.callspec.id
    check_golden(render(small_sample, "json"), HERE / "golden" / f"{name}.json")


@pytest.mark.parametrize(("form", "ending"), FOR_CI.items(), ids=FOR_CI)
@pytest.mark.parametrize("name", IN_CI)
def test_form_for_ci(form, ending, name, samples):
    check_golden(render(samples[name], form), HERE / "golden" / f"{name}{ending}")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("name", ["tutorial", "unapplied", "hostile"])
def test_terminal_form_on_other_pages(name, page, samples, request):
    page_name = next(key for key, value in PAGES.items() if value is page)
    text = render(samples[name], "terminal", page)
    check_golden(text, HERE / "golden" / f"{name}-{page_name}.txt")


def test_the_example_in_the_documentation_is_a_report(samples):
    page = ROOT / "docs" / "json.md"
    block = f"```json\n{render(samples['tutorial'], 'json')}```"
    renewed = re.sub(r"```json\n.*?```", lambda _: block, page.read_text("utf-8"), flags=re.DOTALL)
    check_golden(renewed, page)


def test_no_golden_file_is_left_over(samples):
    pages = {f"{n}-{p}.txt" for n in ("tutorial", "unapplied", "hostile") for p in PAGES}
    in_ci = {f"{name}{end}" for name in IN_CI for end in FOR_CI.values()}
    known = {f"{name}{end}" for name in samples for end in (".txt", ".json")} | pages | in_ci
    assert {file.name for file in (HERE / "golden").iterdir()} <= known


@pytest.mark.parametrize("form", FORMATS)
def test_a_report_ends_with_its_only_last_newline(form, sample):
    text = render(sample, form, PLAIN)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "no such encoding"])
def test_a_report_can_be_written_in_the_encoding_of_its_stream(form, encoding, sample):
    text = render(sample, form, OutputStyle(encoding=encoding))
    text.encode("ascii" if " " in encoding else encoding)


@pytest.mark.parametrize("form", FORMATS)
def test_nothing_that_a_terminal_obeys_comes_through(form, sample):
    text = render(sample, form, OutputStyle(full=True))
    left = {c for c in text if not c.isprintable()} - {"\n", "\t"}
    assert left == set()
