"""The forms of ``driftcheck selftest``: what was found of each kind, and all that was not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

from driftcheck.judging.mutation_results import Proof
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.proof.programs import in_json
from driftcheck.reports.proof.table import in_terminal

__all__ = ["FORMS", "Form"]

Form: TypeAlias = Callable[[Proof, OutputStyle], str]

FORMS: Mapping[str, Form] = MappingProxyType({"terminal": in_terminal, "json": in_json})
"""Every form by the name that ``--format`` has for it."""
