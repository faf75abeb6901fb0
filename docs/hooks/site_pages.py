"""Fills in the parts of the pages that come from the code."""

from __future__ import annotations

import re
from collections.abc import Callable

import architecture_parts
import command_page
import configuration
import rule_pages

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


def with_generated_parts(markdown: str) -> str:
    """Return the text of a page with its markers replaced.

    Raises:
        KeyError: A marker has an unknown name.
    """
    return _MARKER.sub(lambda marker: PARTS[marker[1]](), markdown)


def without_links_to_files(markdown: str, inside: int) -> str:
    """Return the text of a page without links to files of the repository that are no pages.

    Args:
        markdown: The text.
        inside: How many directories below ``docs`` the page is.
    """

    def plain(link: re.Match[str]) -> str:
        up = link[0].count("../")
        return link[0] if up <= inside else f"{link[1]} (`{link[2]}` in the repository)"

    return _OUTSIDE.sub(plain, markdown)
