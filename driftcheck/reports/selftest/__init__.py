"""The report formats of ``driftcheck selftest``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from driftcheck.judging.mutation_results import SelftestResult
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.selftest.programs import in_json
from driftcheck.reports.selftest.table import in_terminal

__all__ = ["FORMATS", "Format"]

Format: TypeAlias = Callable[[SelftestResult, OutputStyle], str]

FORMATS: Mapping[str, Format] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""Every report format by its name in ``--format``."""
