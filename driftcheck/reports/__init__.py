"""Turns a report into text, in one of several forms."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from driftcheck.judging.findings import Report
from driftcheck.reports.page import PLAIN, Page

__all__ = ["FORMS", "PLAIN", "Form", "Page", "form_of", "render"]

Form: TypeAlias = Callable[[Report, Page], str]
"""A form is a function from a report, and the page it goes on, to a text with its last newline."""

FORMS = ("terminal", "json", "github", "sarif", "junit", "markdown")
"""Every form by the name that ``--format`` has for it, in the order of the help: a module of this
package, imported when it is asked for, with a function ``render``."""


def form_of(name: str) -> Form:
    """The form of that name, one of ``FORMS``."""
    return cast("Form", import_module(f"{__name__}.{name}").render)


def render(report: Report, form: str = "terminal", page: Page = PLAIN) -> str:
    """Write a report in one of the forms, for the page where it will be read."""
    return form_of(form)(report, page)
