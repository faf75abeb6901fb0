"""The pages of the rules and the table of rules agree."""

import re

import pytest
import rule_pages

from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.judging.ignoring import matches_no_rule

PAGES = rule_pages.pages()
SECTIONS = ["Example", "How it comes about", "What to do"]
FINDING = re.compile(r"^[✗!·] (.+(?:\n  .+)*?)\n  ([a-z]+(?:-[a-z]+)+)$", re.MULTILINE)


def text_of(name):
    return (rule_pages.DIRECTORY / f"{name}.md").read_text(encoding="utf-8")


def test_each_rule_has_a_page_and_each_page_a_rule():
    assert {path.stem for path in rule_pages.DIRECTORY.glob("*.md")} - {"index"} == set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_a_page(name):
    text = text_of(name)
    assert text.startswith(f"# `{PAGES[name].identity}`\n\n")
    assert re.findall("^## (.+)$", text, re.MULTILINE) == SECTIONS
    bodies = re.split("^#+ .+$", text, flags=re.MULTILINE)[1:]
    assert [body for body in bodies if not body.strip()] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_findings_of_an_example_are_those_of_the_rule(name):
    """Their rules have the identity, and their messages are made from the table."""
    page = PAGES[name]
    identity = re.sub("KIND|CHANGE|VERDICT", "[a-z-]+", page.identity)
    messages = [pattern(rule.message) for rule in page.rules]
    found = FINDING.findall(text_of(name))
    assert found or name in WITHOUT_A_FINDING
    for message, rule in found:
        assert re.fullmatch(identity, rule)
        assert any(re.fullmatch(each, " ".join(message.split())) for each in messages), message


def pattern(message):
    """Return a regular expression for the messages that a text with placeholders makes."""
    message = message.replace("a default or a comment", "{attributes}")
    parts = re.split(r"(\{\w+\})", message)
    return "".join(
        ".*" if part == "{difference}" else ".+" if part.startswith("{") else re.escape(part)
        for part in parts
    )


WITHOUT_A_FINDING = {
    "baseline-outdated",
    "history-makes-roles",
    "history-writes-files",
    "ignore-expired",
    "ignore-unmatched",
    "import-writes-database",
    "live-database-collation-version",
    "note-inherited",
    "note-version",
}
"""The pages whose example is code or SQL only."""


@pytest.mark.parametrize("name", PAGES)
def test_a_completed_page(name):
    done = rule_pages.completed(name, text_of(name))
    assert PAGES[name].rules[0].impact in done
    assert str(PAGES[name].rules[0].severity) in done.splitlines()[2]
    assert not re.search(r"\{\w+\}", done.partition("## Example")[0])


@pytest.mark.parametrize("name", PAGES)
def test_how_to_ignore_it(name):
    """The pattern matches rules; what is ignored itself cannot be ignored."""
    section = rule_pages.completed(name, text_of(name)).partition("## How to ignore it")[2]
    patterns = re.findall(r"(?:--rule '|rule = \")([^'\"]+)", section)
    assert bool(patterns) != name.startswith(("ignore-", "baseline-"))
    assert not any(matches_no_rule(IgnoreEntry(pattern, "why")) for pattern in patterns)


def test_the_index_has_every_page():
    linked = re.findall(r"\]\(([a-z-]+)\.md\)", rule_pages.index())
    assert sorted(linked) == sorted(PAGES)
