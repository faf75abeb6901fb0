"""Renders a report as text in one of several formats."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from driftcheck.judging.report import Report
from driftcheck.reports.output_style import PLAIN, OutputStyle

__all__ = ["FORMATS", "PLAIN", "Format", "OutputStyle", "format_named", "render"]

Format: TypeAlias = Callable[[Report, OutputStyle], str]
"""A function that renders a report. The text ends with exactly one newline."""

FORMATS = ("terminal", "json", "github", "sarif", "gitlab", "junit", "markdown", "html")
"""The names that ``--format`` accepts, in the order of the help. Each is a module of this package
with a function ``render``; it is imported when it is used."""


def format_named(name: str) -> Format:
    """Return the format of a name in ``FORMATS``."""
    return cast("Format", import_module(f"{__name__}.{name}").render)


def render(report: Report, format_name: str = "terminal", output: OutputStyle = PLAIN) -> str:
    """Render a report.

    Args:
        report: The report.
        format_name: The name of the format, one of ``FORMATS``.
        output: The properties of the output.
    """
    return format_named(format_name)(report, output)
