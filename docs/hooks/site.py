"""The hook of mkdocs: fills in the parts of the site that come from the code."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import architecture_parts
import command_page
import configuration
import rule_pages

DOCS = Path(__file__).parent.parent

PARTS: dict[str, Callable[[], str]] = {
    "commands": command_page.commands,
    "keys": configuration.table,
    "guard keys": configuration.guard_table,
    "glossary": architecture_parts.glossary,
    "what cannot be told": architecture_parts.what_cannot_be_told,
    "table of rules": rule_pages.index,
}
"""What a comment ``<!-- generated: NAME -->`` of a page is replaced with."""

_MARKER = re.compile(r"<!-- generated: ([a-z ]+) -->")
_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+([^)]+)\)")


def on_config(config: Any) -> Any:
    """Put the pages of the rules into the navigation."""
    for section in config.nav:
        if section.get("Rules"):
            section["Rules"] = ["rules/index.md", *rule_pages.navigation()]
    return config


def on_page_markdown(markdown: str, *, page: Any, **_others: Any) -> str:
    """Return the text of a page with its generated parts."""
    path = page.file.src_uri
    if path.startswith("rules/") and path != "rules/index.md":
        markdown = rule_pages.completed(path.removeprefix("rules/").removesuffix(".md"), markdown)
    return filled(markdown, inside=path.count("/"))


def filled(markdown: str, inside: int = 0) -> str:
    """Return a text with its markers replaced, and without links to files that have no page.

    Args:
        markdown: The text of a page.
        inside: How many directories below ``docs`` the page is.
    """
    text = _MARKER.sub(lambda marker: PARTS[marker[1]](), markdown)

    def plain(link: re.Match[str]) -> str:
        up = link[0].count("../")
        return link[0] if up <= inside else f"{link[1]} (`{link[2]}` in the repository)"

    return _OUTSIDE.sub(plain, text)
