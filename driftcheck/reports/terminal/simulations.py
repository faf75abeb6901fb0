"""Describes the simulations of a database; of several, only one in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftcheck.judging.report import DatabaseReport, Simulation, SimulationStep
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.layout import (
    BAD,
    CODE,
    FAINT,
    GOOD,
    STRONG,
    Lines,
    quoted,
    words,
    wrapped,
)

_MARKS = {True: ("✓", GOOD), False: ("✗", BAD), None: ("·", FAINT)}


def simulations(database: DatabaseReport, output: OutputStyle) -> Iterator[Lines]:
    """Return every simulation in a line, and in full the first that fails, or else the first."""
    several = database.simulations
    in_full = next((simulation for simulation in several if not simulation.succeeds), several[0])
    if len(several) > 1:
        yield [line for simulation in several for line in _in_brief(simulation, output)]
        yield wrapped(output, words(output, (f"From {in_full.start}:", STRONG)), 2)
    yield from _in_full(in_full.steps, output)


def _in_brief(simulation: Simulation, output: OutputStyle) -> Lines:
    result = "succeeds" if simulation.succeeds else simulation.steps[-1].description
    return _marked(f"from {simulation.start}: {result}", output, succeeded=simulation.succeeds)


def _in_full(steps: Sequence[SimulationStep], output: OutputStyle) -> Iterator[Lines]:
    """Return the steps one below the other, with an empty line before and after code."""
    block: Lines = []
    for step in steps:
        text = step.description + ":" * bool(step.code)
        block += _marked(text, output, succeeded=step.succeeded)
        if step.code:
            yield block
            yield quoted(output, step.code, indent=6, style=CODE)
            block = []
    yield block


def _marked(text: str, output: OutputStyle, *, succeeded: bool | None) -> Lines:
    mark, style = _MARKS[succeeded]
    first = words(output, "  ", (mark, style), " ")
    return wrapped(output, words(output, text), 4, first=first)
