"""Writes the plan of a repair as a script for the client program of the database system."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from driftcheck.dialects import display_name
from driftcheck.judging.repair_result import DatabaseRepair, ResultStep
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.visible import visible


def script(repair: DatabaseRepair, output: OutputStyle = PLAIN) -> str:
    """Return the script. What it does not say in SQL is in comments.

    Args:
        repair: The repair of one database.
        output: The properties of the output.
    """
    return "\n".join(_lines(repair, output)) + "\n"


def _lines(repair: DatabaseRepair, output: OutputStyle) -> Iterator[str]:
    server = f"{display_name(repair.dialect, repair.server_version)} {repair.server_version}"
    stamped = ", ".join(repair.stamped) or "nothing"
    yield from _comment(f"Written by driftcheck repair for {repair.name}, {server}", output)
    yield from _comment(f"{repair.location}, stamped with {stamped}", output)
    for text in (*repair.proof, *repair.not_restored, *repair.notes):
        yield from _comment(text, output)
    yield from repair.client_settings
    together = [(n, s) for n, s in enumerate(repair.steps, start=1) if not s.is_separate]
    separate = [(n, s) for n, s in enumerate(repair.steps, start=1) if s.is_separate]
    if together and repair.is_atomic:
        yield from ("", "BEGIN;")
        yield from _steps(together, output)
        yield from ("", "COMMIT;")
    elif together:
        yield from ("", *_comment("Each statement is committed by itself.", output))
        yield from _steps(together, output)
    yield from _steps(separate, output)
    for manual_step in repair.manual_steps:
        yield from ("", *_comment(f"By hand: {manual_step.text}", output))


def _steps(steps: Iterable[tuple[int, ResultStep]], output: OutputStyle) -> Iterator[str]:
    for number, step in steps:
        finding = step.finding
        why = f"{finding.message} [{finding.rule}]" if finding else str(step.address)
        yield from ("", *_comment(f"Step {number}: {why}", output))
        for hazard in step.hazards:
            yield from _comment(f"  {hazard.text}", output)
        yield step.script


def _comment(text: str, output: OutputStyle) -> Iterator[str]:
    """Yield the lines of a comment, none of which can end it."""
    for line in text.splitlines():
        yield f"-- {visible(line, output.encoding)}".rstrip()
