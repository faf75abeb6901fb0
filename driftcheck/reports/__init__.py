"""Turns a report into text, in one of several forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from driftcheck.findings import Report
from driftcheck.reports import github, json, junit, markdown, sarif, terminal
from driftcheck.reports.page import PLAIN, Page

__all__ = ["FORMS", "PLAIN", "Form", "Page", "render"]

Form: TypeAlias = Callable[[Report, Page], str]
"""A form is a function from a report, and the page it goes on, to a text with its last newline."""

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "terminal": terminal.render,
        "json": json.render,
        "github": github.render,
        "sarif": sarif.render,
        "junit": junit.render,
        "markdown": markdown.render,
    }
)
"""Every form by the name that ``--format`` has for it, in the order of the help."""


def render(report: Report, form: str = "terminal", page: Page = PLAIN) -> str:
    """Write a report in one of the forms, for the page where it will be read."""
    return FORMS[form](report, page)
