"""The hook of mkdocs: completes the pages and the navigation with what comes from the code."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

import rule_pages
import site_pages


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
    completed = site_pages.with_generated_parts(markdown)
    return site_pages.without_links_to_files(completed, inside=path.count("/"))
