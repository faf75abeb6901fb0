"""The format of a repair for people: the steps with their hazards, and whether it is proved."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from driftcheck.judging.findings import Finding
from driftcheck.judging.repair_result import (
    DatabaseRepair,
    RepairResult,
    ResultManualStep,
    ResultStep,
    StepHazard,
)
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text, title_of
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    SEVERITY,
    STRONG,
    WARN,
    Lines,
    code,
    heading,
    spaced,
    words,
    wrapped,
)

_STYLES = {"data loss": ("✗", BAD), "rows": ("!", WARN), "rewrite": ("!", WARN)}
_OTHER = ("·", FAINT)


def in_terminal(result: RepairResult, output: OutputStyle = PLAIN) -> str:
    """Render the result for a person to read."""
    blocks = [block for repair in result.databases for block in _database(repair, result, output)]
    return as_text([*spaced([*blocks, _conclusion(result, output)])], output)


def _database(repair: DatabaseRepair, result: RepairResult, output: OutputStyle) -> Iterator[Lines]:
    yield _title(repair, result, output)
    for fault in repair.faults:
        yield _fault(fault, output)
    together = [each for each in enumerate(repair.steps, start=1) if not each[1].is_separate]
    separate = [each for each in enumerate(repair.steps, start=1) if each[1].is_separate]
    if together:
        several = f"{counted(len(together), 'step')}"
        name = "in one transaction" if repair.is_atomic else "each committed by itself"
        yield heading(f"{several} {name}", output)
        for number, step in together:
            yield _step(number, step, output)
    if separate:
        yield heading(f"{counted(len(separate), 'step')} after that, one by one", output)
        for number, step in separate:
            yield _step(number, step, output)
    if repair.manual_steps:
        yield heading("by hand", output)
        for manual_step in repair.manual_steps:
            yield _manual_step(manual_step, output)
    yield _texts(repair, output)


def _title(repair: DatabaseRepair, result: RepairResult, output: OutputStyle) -> Lines:
    line = title_of(result.project, repair.name, repair.dialect, repair.server_version, output)
    stamped = ", ".join(repair.stamped) or "nothing"
    line.append_text(words(output, (" · ", FAINT), f"stamped {stamped}"))
    location = words(output, (repair.location, FAINT))
    return [*wrapped(output, line), *(wrapped(output, location) if repair.location else [])]


def _fault(finding: Finding, output: OutputStyle) -> Lines:
    mark, style = SEVERITY[finding.severity]
    text = words(output, (finding.message, STRONG), (f" [{finding.rule}]", FAINT))
    return wrapped(output, text, 2, first=words(output, (mark, style), " "))


def _step(number: int, step: ResultStep, output: OutputStyle) -> Lines:
    """Return a step: why it is there, its SQL, and its hazards."""
    label = f"{number}. "
    first = words(output, (label, STRONG))
    lines = wrapped(output, _why(step.finding, step, output), len(label), first=first)
    lines += [Text(), *code(output, f"{step.statement};")]
    if step.hazards:
        lines.append(Text())
    for hazard in step.hazards:
        lines += _hazard(hazard, output)
    return lines


def _why(finding: Finding | None, step: ResultStep, output: OutputStyle) -> Text:
    if finding is None:
        return words(output, f"Needed for another step: {step.address}")
    return words(output, finding.message, (f" [{finding.rule}]", FAINT))


def _hazard(hazard: StepHazard, output: OutputStyle) -> Lines:
    mark, style = _STYLES.get(hazard.name, _OTHER)
    first = words(output, "  ", (mark, style), " ")
    return wrapped(output, words(output, hazard.text), 4, first=first)


def _manual_step(step: ResultManualStep, output: OutputStyle) -> Lines:
    message = step.finding.message if step.finding else str(step.address)
    rule = f" [{step.finding.rule}]" if step.finding else ""
    first = words(output, ("!", WARN), " ")
    lines = wrapped(output, words(output, message, (rule, FAINT)), 2, first=first)
    for line in step.text.splitlines():
        lines += wrapped(output, words(output, line), 2)
    return lines


def _texts(repair: DatabaseRepair, output: OutputStyle) -> Lines:
    """Return what does not come back, what is not repaired, and whether the plan is proved."""
    lines: Lines = []
    for text in repair.not_restored:
        lines += wrapped(output, words(output, text), 2, first=words(output, ("!", WARN), " "))
    for text in repair.notes:
        lines += wrapped(output, words(output, text), 2, first=words(output, ("·", FAINT), " "))
    mark = ("✓", GOOD) if repair.is_proved else ("✗", BAD)
    for text in repair.proof:
        lines += wrapped(output, words(output, text), 2, first=words(output, mark, " "))
        mark = _OTHER
    return lines


def _conclusion(result: RepairResult, output: OutputStyle) -> Lines:
    needed = [repair for repair in result.databases if repair.is_needed]
    faults = [fault for repair in result.databases for fault in repair.faults]
    code_text = f"(exit code {int(result.exit_code)})"
    if needed:
        steps = counted(sum(len(repair.steps) for repair in needed), "step")
        findings = counted(sum(len(repair.findings) for repair in needed), "finding")
        if result.is_applied:
            return wrapped(output, words(output, f"The plan has {steps} for {findings}."), 2)
        text = (
            f"{steps} for {findings} {code_text}. Nothing was changed. Next: review the steps, run "
            f"the script that --output FILE writes, then run `{result.compare}`; or run this "
            "command again with --apply."
        )
        return _last(text, output, is_good=False)
    if faults:
        text = f"No repair was planned {code_text}. Next: fix the fault, then run this again."
        return _last(text, output, is_good=False)
    return _last("There is nothing to repair.", output, is_good=result.exit_code == 0)


def _last(text: str, output: OutputStyle, *, is_good: bool) -> Lines:
    mark, style = ("✓", GOOD) if is_good else ("✗", BAD)
    return wrapped(output, words(output, text), 2, first=words(output, (mark, style), " "))
