"""The format for comments on pull requests and for step summaries: GitHub's Markdown.

Texts from a database or from the project's code are escaped: they can neither add markup nor
mention people. The comment is shortened to GitHub's limit of 65,536 characters, where a line break
counts as two.

https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from driftcheck.chain import CHAIN, Gap
from driftcheck.dialects import display_name
from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.difference_text import brief
from driftcheck.judging.expressions import shortened
from driftcheck.judging.findings import Finding, IgnoredFinding, Remedy, SourceLine
from driftcheck.judging.report import Check, DatabaseReport, Report, RevisionMatch, Simulation
from driftcheck.judging.value_text import value_text
from driftcheck.reports.level import level
from driftcheck.reports.order import ordered
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.prose import line_text
from driftcheck.reports.terminal.conclusion import first_step, outcome
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.ignored import ignored_text
from driftcheck.reports.terminal.revision_match import determination, match_text
from driftcheck.reports.terminal.sections import count_text, section_text, sections_of
from driftcheck.reports.terminal.sides import agreeing
from driftcheck.reports.values import grouped_values
from driftcheck.reports.visible import visible

_LIMIT = 65_000
_IN_FULL = 55_000
"""Characters after which findings get one line each, so that more of them fit."""
_UNFOLDED = 10
"""Findings that are shown in full without a click."""
_SUMMARY = 15_000
"""Characters of the lines in the summary."""
_MAX_LINE = 300
"""Characters of one of these lines."""
_MAX_CODE = 4_000
"""Characters of one piece of code."""
_MAX_IGNORED = 20
"""Ignored findings that are listed."""

_RESULTS = {True: "✅", False: "❌", None: "·"}
_MAX_SIMULATIONS = 20
"""Simulations that are listed."""

_MARKS = {"error": "❌", "warning": "⚠️", "note": "🔹"}
_ASCII_SIGNS = {"❌": "x", "⚠️": "!", "🔹": "-", "✅": "+", "·": "-", "…": "..."}
_MARKUP = re.compile(r"([\\`*_\[\]<|~&$#])")
_LINE_START = re.compile(r"\A([-+=>]|\d+[.)])")
_MENTIONS = re.compile(r"([@#])(?=[\w&])")  # @somebody, #123
_SEPARATED = r"\1&#8203;"  # zero-width space: GitHub looks for mentions in the shown text
_LINKS = re.compile(r"(?<=www)\.|:(?=//)", re.IGNORECASE)


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render the report as a comment."""
    head = _head(report)
    tail = [block for database in report.databases for block in _tail(database)]
    room = _LIMIT - _length("\n\n".join([*head, *tail]))
    overview = list(_overview(report))
    room -= _length("\n\n".join(overview))
    blocks = [*head, *overview, *_details(report, output, room), *tail]
    text = "\n\n".join(blocks) + "\n"
    return text if _fits(text, output.encoding) else _in_encoding(text, output.encoding)


def _length(text: str) -> int:
    """Return the length as GitHub counts it, or more: code units, and two for a line break."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 + text.count("\n")


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _in_encoding(text: str, encoding: str) -> str:
    """Replace the characters that the encoding of the stream does not contain."""
    for sign, plain in _ASCII_SIGNS.items():
        text = text.replace(sign, plain)
    return visible(text, encoding, keep="\n\t")


def _head(report: Report) -> list[str]:
    mark = "✅" if report.exit_code is ExitCode.CLEAN else "❌"
    head = [f"## {mark} {_prose(report.command)}: {_prose(report.project)}"]
    head.append(_sentence(outcome(report)))
    if report.checks:
        head.append(_prose(report.subject))
        head.append("\n".join(map(_check, report.checks)))
    return [*head, *(block for database in report.databases for block in _states(database, report))]


def _states(database: DatabaseReport, report: Report) -> Iterator[str]:
    """Yield the state of each gap as a table, which contains no text from outside driftcheck."""
    system = display_name(database.dialect, database.server_version)
    server = f"{system} {database.server_version}".strip()
    stamped = ", ".join(map(_code, database.stamped)) or "nothing"
    heads = ", ".join(map(_code, database.heads)) or "none"
    where = f"**{_prose(database.name)}** on {_prose(server)}"
    if Gap.DIFFERENCE in database.gaps:
        yield f"{where}: {_code(database.location)}"
    else:
        yield where + (f", stamped {stamped}, head {heads}" if database.heads else "")
    if database.revision_match is not None:
        yield _revision_match(database.revision_match)
    yield from _simulations(database.simulations)
    if not database.gaps:  # the report is not about gaps
        return
    gaps = CHAIN if set(database.gaps) <= set(CHAIN) else database.gaps
    rows = [f"| {gap} | {_state(gap, database, report)} |" for gap in gaps]
    yield "\n".join(["| gap | state |", "| --- | --- |", *rows])


def _check(check: Check) -> str:
    why = f": {_prose(check.why)}" if check.why else ""
    name = "not checked: " * (check.passed is None) + check.name
    return f"- {_RESULTS[check.passed]} {_prose(name)}{why}"


def _revision_match(match: RevisionMatch) -> str:
    mark = _RESULTS[match.as_stamped and not match.changes]
    lines = [f"{mark} {_prose(match_text(match))}", *map(_prose, determination(match))]
    return "\n".join(lines)


def _simulations(simulations: Sequence[Simulation]) -> Iterator[str]:
    """Yield a line for each simulation, failing ones first; then the steps of the first."""
    if not simulations:
        return
    simulations = sorted(simulations, key=lambda simulation: simulation.succeeds)
    if len(simulations) > 1:
        rest = len(simulations) - _MAX_SIMULATIONS
        more = [f"- … {rest} more"] if rest > 0 else []
        yield "\n".join([*map(_simulation, simulations[:_MAX_SIMULATIONS]), *more])
    yield f"From {_prose(simulations[0].start)}:"
    for step in simulations[0].steps:
        yield f"- {_RESULTS[step.succeeded]} {_prose(step.description)}"
        if step.code:
            yield _block(step.code)


def _simulation(simulation: Simulation) -> str:
    result = "succeeds" if simulation.succeeds else simulation.steps[-1].description
    text = _prose(f"from {simulation.start}: {result}")
    return f"- {_RESULTS[simulation.succeeds]} {text}"


def _state(gap: str, database: DatabaseReport, report: Report) -> str:
    if gap not in database.gaps:
        return "not compared"
    findings = [finding for finding in database.findings if gap in finding.gaps]
    ignored = sum(gap in ignored.finding.gaps for ignored in database.ignored)
    also = f", {ignored} ignored" if ignored else ""
    if not findings:
        return f"✅ {ignored} ignored" if ignored else "✅ in step"
    mark = "❌" if any(map(report.fails, findings)) else "⚠️"
    return f"{mark} {counted(len(findings), 'finding')}{also}"


def _overview(report: Report) -> Iterator[str]:
    """Yield the summary of several findings: what was found, and each finding in one line."""
    if len(report.findings) <= 1:
        return
    step = first_step(report.findings, report)
    yield f"**{count_text(report.findings, report)}**" + f". First: {_sentence(step)}" * bool(step)
    room = _SUMMARY
    for section in sections_of(report.findings, report):
        lines: list[str] = []
        for finding in section[1]:
            line = f"- {_prose(shortened(brief(finding), _MAX_LINE))}"
            room -= _length(line) + 2
            if room < 0:
                lines.append(f"- … {len(section[1]) - len(lines)} more")
                break
            lines.append(line)
        mark = _MARKS[level(section[1][0], report)]
        yield "\n".join([f"{mark} **{_prose(section_text(section))}**", "", *lines])


def _details(report: Report, output: OutputStyle, room: int) -> Iterator[str]:
    """Yield the findings in full, behind a line to click on if there are many."""
    if len(report.findings) <= _UNFOLDED:
        yield from _findings(report, output, room)
        return
    yield "<details><summary>The findings in full, with their remedies</summary>"
    yield from _findings(report, output, room)
    yield "</details>"


def _findings(report: Report, output: OutputStyle, room: int) -> Iterator[str]:
    """Yield the findings, most severe first: in full, then in one line each, then a count."""
    by_rank = ordered(report.findings, report)
    for number, finding in enumerate(by_rank):
        block = "\n\n".join(_in_full(finding, report, output))
        if _LIMIT - room + _length(block) > _IN_FULL:
            yield from _in_brief(by_rank[number:], report, output, room)
            return
        room -= _length(block) + 4
        yield block


def _in_brief(
    rest: Sequence[Finding], report: Report, output: OutputStyle, room: int
) -> Iterator[str]:
    lines = [f"- {_title(finding, report)}{_location(finding, output)}" for finding in rest]
    room -= 300  # for the sentence about the findings that are left out
    shown: list[str] = []
    for line in lines:
        room -= _length(line) + 2
        if room < 0:
            break
        shown.append(line)
    if shown:
        yield f"### {counted(len(shown), 'finding')} in brief"
        yield "\n".join(shown)
    left_out = rest[len(shown) :]
    if left_out:
        failing = sum(map(report.fails, left_out))
        count = counted(len(left_out), "finding")
        yield (
            f"**{count} left out**, {failing} of which fail the check: the length of a comment is "
            f"limited. `--format terminal --verbose` shows all findings."
        )


def _title(finding: Finding, report: Report) -> str:
    return f"{_MARKS[level(finding, report)]} {_prose(finding.message)}"


def _location(finding: Finding, output: OutputStyle) -> str:
    return f" · {_code(line_text(finding.location, output))}" if finding.location else ""


def _in_full(finding: Finding, report: Report, output: OutputStyle) -> Iterator[str]:
    yield f"### {_title(finding, report)}"
    blind = " · not detected by autogenerate" if finding.blind_spot else ""
    yield _code(finding.rule) + _location(finding, output) + blind
    if finding.why:
        yield _prose(finding.why)
    if finding.impact:
        yield _prose(finding.impact)
    sides = "\n".join(_sides(finding))
    if sides:
        yield sides
    if finding.origin is not None:
        line = SourceLine(finding.origin.file, finding.origin.line)
        location = "" if line == finding.location else f", {_code(line_text(line, output))}"
        verb = "Created by" if finding.verdict else "In"
        yield f"{verb} revision {_code(finding.origin.revision)}{location}."
    if finding.evidence is not None:
        yield f"Evidence: {_prose(finding.evidence.text)}"
    if finding.details:
        yield _block(finding.details)
    if finding.phantom is not None:
        yield "Because of this drift, not because of a model change, `migrate` would write:"
        yield _block(finding.phantom.operation, "python")
        if finding.phantom.colleague_error is not None:
            yield "On a database without this drift, the operation fails:"
            yield _block(finding.phantom.colleague_error)
    yield from (block for remedy in finding.remedies for block in _remedy(remedy))


def _sides(finding: Finding) -> Iterator[str]:
    """Yield the definition on each side; for a change, the differences."""
    if finding.change is ChangeType.CHANGED and finding.differences:
        for name, groups in grouped_values(finding):
            values = "; ".join(f"{sides} {_code(value_text(value))}" for sides, value in groups)
            yield f"- {_prose(name)}: {values}"
        return
    for group in agreeing(finding):
        definition = finding.definitions.get(group[0])
        kind = finding.address.kind if finding.address else "object"
        text = f"no such {kind}" if definition is None else _code(definition)
        yield f"- {', '.join(group)}: {text}"


def _remedy(remedy: Remedy) -> Iterator[str]:
    name = remedy.name[:1].upper() + remedy.name[1:] + " (loses data)" * remedy.loses_data
    if not remedy.code:
        yield f"**{_prose(name)}**: {_prose(remedy.summary)}"
        return
    summary = f"<b>{_html(name)}</b>: {_html(remedy.summary)}"
    yield f"<details><summary>{summary}</summary>"
    yield _block(remedy.code, remedy.language)
    yield "</details>"


def _tail(database: DatabaseReport) -> Iterator[str]:
    if database.ignored:
        yield f"<details><summary>{ignored_text(database.ignored)}</summary>"
        lines = [f"- {_ignored(ignored)}" for ignored in database.ignored[:_MAX_IGNORED]]
        rest = len(database.ignored) - len(lines)
        yield "\n".join([*lines, *([f"- … {rest} more"] if rest > 0 else [])])
        yield "</details>"
    yield from (f"> {_prose(note)}" for note in database.notes)
    counts = ", ".join(counted(n, _prose(k)) for k, n in database.coverage.compared.items() if n)
    missing = (f"{n} {_prose(k)}" for k, n in database.coverage.not_compared.items() if n)
    left = ", ".join(missing)
    yield f"Compared {counts or 'nothing'}" + (f"; not compared: {left}." if left else ".")


def _ignored(ignored: IgnoredFinding) -> str:
    finding, reason = ignored.finding, ignored.reason[: _MAX_CODE // 10]
    address = f" {_code(finding.address.sql)}" if finding.address else ""
    until = f" (until {ignored.until})" if ignored.until else ""
    return f"{_code(finding.rule)}{address}: {_prose(reason)}{until}"


def _prose(text: str) -> str:
    """Escape a line of text so that it has no markup, mention or link."""
    escaped = _within_line(text.strip())
    return _LINE_START.sub(lambda start: f"&#{ord(start[0][0])};{start[0][1:]}", escaped)


def _within_line(text: str) -> str:
    """Escape text that is not at the beginning of a line."""
    plain = _MARKUP.sub(r"\\\1", visible(text))
    plain = _MENTIONS.sub(_SEPARATED, plain)
    return _LINKS.sub(lambda sign: f"&#{ord(sign[0])};", plain)


def _sentence(text: str) -> str:
    """Write a sentence of driftcheck's own, in which commands stand between backticks."""
    pieces = enumerate(text.split("`"))
    return "".join(_code(piece) if number % 2 else _within_line(piece) for number, piece in pieces)


def _html(text: str) -> str:
    return _MENTIONS.sub(_SEPARATED, escape(visible(text)))


def _code(text: str) -> str:
    """Write text as inline code, where mentions have no effect."""
    plain = visible(_truncated(text))
    fence = _longer_than_any(plain, 1)
    pad = " " if plain.startswith(("`", " ")) or plain.endswith(("`", " ")) or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _block(text: str, language: str = "text") -> str:
    plain = visible(_truncated(text.strip("\n")), keep="\n\t")
    fence = _longer_than_any(plain, 3)
    return f"{fence}{language if language.isalpha() else ''}\n{plain}\n{fence}"


def _longer_than_any(text: str, least: int) -> str:
    """Return a fence of backticks that is longer than any in the text."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _truncated(text: str) -> str:
    left_out = len(text) - _MAX_CODE
    return text if left_out <= 0 else f"{text[:_MAX_CODE]}\n… {left_out} characters left out"
