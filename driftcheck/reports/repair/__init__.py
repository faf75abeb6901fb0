"""The formats of ``driftcheck repair``: the plans of a project's databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from driftcheck.judging.repair_result import RepairResult
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.repair.programs import in_json
from driftcheck.reports.repair.terminal import in_terminal

Format: TypeAlias = Callable[[RepairResult, OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""The formats by their names for ``--format``."""
