"""The report formats of ``driftcheck fleet``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from driftcheck.judging.fleet_results import FleetResult
from driftcheck.reports.fleet.programs import in_json
from driftcheck.reports.fleet.terminal import in_terminal
from driftcheck.reports.output_style import OutputStyle

__all__ = ["FORMATS", "Format"]

Format: TypeAlias = Callable[[FleetResult, OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""Every report format by its name in ``--format``."""
