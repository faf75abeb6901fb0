"""Compares every format with golden files.

After an intended change, renew the files and review the differences before you commit them:

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
OUTPUTS = {
    "40-columns": OutputStyle(width=40),
    "120-columns": OutputStyle(width=120),
    "ascii": OutputStyle(encoding="ascii"),
    "colour": OutputStyle(colour=True),
}
FOR_CI = {
    "github": ".github.txt",
    "sarif": ".sarif",
    "gitlab": ".gitlab.json",
    "junit": ".xml",
    "markdown": ".md",
}
IN_CI = [
    "clean",
    "tutorial",
    "pending",
    "several-verdicts",
    "function-changed",
    "history-broken",
    "nasty",
    "ignored",
    "gate",
    "colleague-from-everywhere",
    "hostile-play",
    "located-nearest",
    "two-databases",
]

IN_HTML = [
    "tutorial",
    "several-verdicts",
    "several-databases",
    "two-databases",
    "unapplied",
    "gate",
    "colleague-from-everywhere",
    "located-nearest",
    "ignored",
    "nasty",
]


def check_golden(text, file):
    """Compare with a golden file byte for byte, or renew it where that is asked for."""
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(text.encode())
    assert text == file.read_bytes().decode(), "test_formats.py says how to renew it"


def test_every_format_has_golden_files():
    assert list(FORMATS) == ["terminal", "json", *FOR_CI, "html"]


def test_every_module_with_a_format_is_a_choice_of_the_option():
    modules = {
        name: importlib.import_module(f"driftcheck.reports.{name}")
        for _, name, _ in pkgutil.iter_modules(reports.__path__)
        if name != "fleet"  # it has formats of its own
    }
    formats = {name: module.render for name, module in modules.items() if hasattr(module, "render")}
    assert {name: format_named(name) for name in FORMATS} == formats
    assert FORMATS[0] == "terminal"


def test_terminal_format(sample, request):
    name = request.node.callspec.id
    output = OutputStyle(terminal=name == "many")
    check_golden(render(sample, output=output), HERE / "golden" / f"{name}.txt")


def test_json_format(small_sample, request):
    name = request.node.callspec.id
    check_golden(render(small_sample, "json"), HERE / "golden" / f"{name}.json")


@pytest.mark.parametrize(("format_name", "ending"), FOR_CI.items(), ids=FOR_CI)
@pytest.mark.parametrize("name", IN_CI)
def test_format_for_ci(format_name, ending, name, samples):
    check_golden(render(samples[name], format_name), HERE / "golden" / f"{name}{ending}")


@pytest.mark.parametrize("name", IN_HTML)
def test_html_format(name, samples):
    """Without the style and the script, which are files already."""
    text = render(samples[name], "html")
    text = re.sub(r"<(style|script)>.*?</", r"<\1></", text, flags=re.DOTALL)
    text = re.sub(r"'sha256-[^']+'", "'sha256-'", text)
    check_golden(text, HERE / "golden" / f"{name}.html")


@pytest.mark.parametrize("output", OUTPUTS.values(), ids=OUTPUTS)
@pytest.mark.parametrize("name", ["tutorial", "unapplied", "hostile"])
def test_terminal_format_in_other_outputs(name, output, samples, request):
    output_name = next(key for key, value in OUTPUTS.items() if value is output)
    text = render(samples[name], "terminal", output)
    check_golden(text, HERE / "golden" / f"{name}-{output_name}.txt")


def test_the_example_in_the_documentation_is_a_report(samples):
    document = ROOT / "docs" / "json.md"
    block = f"```json\n{render(samples['tutorial'], 'json')}```"
    renewed = re.sub(
        r"```json\n.*?```", lambda _: block, document.read_text("utf-8"), flags=re.DOTALL
    )
    check_golden(renewed, document)


def test_no_golden_file_is_unused(samples):
    outputs = {f"{n}-{o}.txt" for n in ("tutorial", "unapplied", "hostile") for o in OUTPUTS}
    in_ci = {f"{name}{end}" for name in IN_CI for end in FOR_CI.values()}
    in_html = {f"{name}.html" for name in IN_HTML}
    known = {f"{name}{end}" for name in samples for end in (".txt", ".json")}
    known |= outputs | in_ci | in_html
    assert {file.name for file in (HERE / "golden").iterdir()} <= known


@pytest.mark.parametrize("format_name", FORMATS)
def test_a_report_ends_with_its_only_last_newline(format_name, sample):
    text = render(sample, format_name, PLAIN)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252", "utf-8", "no such encoding"])
def test_a_report_can_be_written_in_the_encoding_of_its_stream(format_name, encoding, sample):
    text = render(sample, format_name, OutputStyle(encoding=encoding))
    text.encode("ascii" if " " in encoding else encoding)


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_control_character_is_written(format_name, sample):
    text = render(sample, format_name, OutputStyle(full=True))
    left = {c for c in text if not c.isprintable()} - {"\n", "\t"}
    assert left == set()
