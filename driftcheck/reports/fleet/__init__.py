"""The report formats of ``driftcheck fleet``. Each is a module, imported when it is used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TypeAlias, cast

from driftcheck.judging.fleet_results import FleetResult
from driftcheck.reports.output_style import OutputStyle

__all__ = ["FORMATS", "Format", "render"]

Format: TypeAlias = Callable[[FleetResult, OutputStyle], str]

FORMATS: Mapping[str, str] = MappingProxyType(
    {"terminal": "terminal.in_terminal", "json": "programs.in_json", "html": "page.in_html"}
)
"""The module and the function of every report format, by its name in ``--format``."""


def render(fleet: FleetResult, format_name: str, output: OutputStyle) -> str:
    """Render the result of a fleet.

    Args:
        fleet: The result.
        format_name: The name of the format, one of ``FORMATS``.
        output: The properties of the output.
    """
    module, _, function = FORMATS[format_name].partition(".")
    make = cast("Format", getattr(import_module(f"{__name__}.{module}"), function))
    return make(fleet, output)
