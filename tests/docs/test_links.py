"""Each link of the pages has a target, each page is in the navigation, each command is right."""

import re
import shlex

import click
import pytest
import site_pages

from driftcheck.cli.commands import cli
from tests.docs.pages import DOCS, PAGES, ROOT, blocks

LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)")
CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def text_of(page):
    """Return the text of a page with its generated parts, without its blocks of code."""
    text = page.read_text(encoding="utf-8")
    return CODE.sub("", site_pages.with_generated_parts(text))


def anchors(page):
    """Return the anchors of a page: its headings, as GitHub and mkdocs name them."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    words = [re.sub(r"[^\w\s-]", "", heading.lower()).strip() for heading in headings]
    return {re.sub(r"\s+", "-", heading) for heading in words}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links(page):
    directory = DOCS / "rules" if page.parent.name == "rules" else page.parent
    for file, anchor in LINK.findall(text_of(page)):
        target = (directory / file).resolve() if file else page
        assert target.is_file(), file
        if anchor:
            assert anchor in anchors(target), f"{file}#{anchor}"


def test_links_of_llms_txt():
    links = re.findall(r"\]\(([^)]+)\)", (DOCS / "llms.txt").read_text(encoding="utf-8"))
    assert len(links) > 10
    for link in links:
        page = DOCS / re.sub(r"\.html$", ".md", link)
        assert page.is_file(), link


def test_every_page_is_in_the_navigation():
    configuration = (ROOT / ".mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:\n")[2]
    listed = set(re.findall(r"[\w-]+\.md", configuration))
    assert listed == {page.name for page in DOCS.glob("*.md")}


COMMAND = re.compile(
    r"^(?:\$ )?(?:[A-Z_]+=\S+ )*(driftcheck [^#\n|]+(?:\\\n[^#\n|]+)*)", re.MULTILINE
)
COMMANDS = sorted(
    {
        (page, " ".join(shlex.split(command.replace("\\\n", " "), comments=True)), command)
        for language in ("sh", "text")
        for page, code in blocks(language)
        for command in COMMAND.findall(code)
    }
)


@pytest.mark.parametrize(
    ("page", "command"),
    [(page, command) for page, _, command in COMMANDS],
    ids=[f"{page} {command}" for page, command, _ in COMMANDS],
)
def test_a_command_has_options_that_exist(page, command):
    """It is parsed and not run."""
    _, name, *arguments = shlex.split(command.replace("\\\n", " "), comments=True)
    if name.startswith("-") or name.isupper():
        return
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    if "--help" not in arguments:
        found.make_context(name, arguments)
