"""The form for a comment on a pull request, or the summary of a step: GitHub's Markdown.

What comes from a database or from somebody's code is text, whatever it holds: it can neither lay
out the page nor call people. It is cut where GitHub would refuse the whole: a comment takes 65,536
characters, a line break counted as two.

https://github.github.com/gfm/
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from html import escape

from driftcheck.chain import CHAIN
from driftcheck.errors import ExitCode
from driftcheck.judging.comparison import ChangeType
from driftcheck.judging.findings import (
    Check,
    DatabaseReport,
    Finding,
    Ignored,
    Play,
    Remedy,
    Report,
    SourceLine,
    Whereabouts,
)
from driftcheck.reports.level import level
from driftcheck.reports.page import PLAIN, Page
from driftcheck.reports.prose import shown, value
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.sides import agreeing
from driftcheck.reports.terminal.verdict import outcome
from driftcheck.reports.terminal.whereabouts import how_known, place
from driftcheck.reports.visible import visible

_LIMIT = 65_000
_IN_FULL = 55_000
"""Characters after which findings are told in a line each, so that more of them are told."""
_LONGEST = 4_000
"""Characters of one piece of code."""
_IGNORED = 20
"""Findings that are ignored and named."""

_CAME_OFF = {True: "✅", False: "❌", None: "·"}
_PLAYS = 20
"""Plays that have a line of their own."""

_MARKS = {"error": "❌", "warning": "⚠️", "note": "🔹"}
_PLAINER = {"❌": "x", "⚠️": "!", "🔹": "-", "✅": "+", "·": "-", "…": "..."}
_MARKUP = re.compile(r"([\\`*_\[\]<|~&$#])")
_FIRST = re.compile(r"\A([-+=>]|\d+[.)])")
_CALLS = re.compile(r"([@#])(?=[\w&])")  # @somebody, #123
_APART = r"\1&#8203;"  # a space of no width: GitHub looks for calls in what is shown
_LINKS = re.compile(r"(?<=www)\.|:(?=//)", re.IGNORECASE)


def render(report: Report, page: Page = PLAIN) -> str:
    """Write the report as a comment."""
    head = _head(report)
    tail = [block for database in report.databases for block in _tail(database)]
    room = _LIMIT - _length("\n\n".join([*head, *tail]))
    blocks = [*head, *_findings(report, page, room), *tail]
    text = "\n\n".join(blocks) + "\n"
    return text if _fits(text, page.encoding) else _plainer(text, page.encoding)


def _length(text: str) -> int:
    """What GitHub counts, or more: code units, and two for a line break."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2 + text.count("\n")


def _fits(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _plainer(text: str, encoding: str) -> str:
    """The same for a stream that cannot carry it all."""
    for sign, plain in _PLAINER.items():
        text = text.replace(sign, plain)
    return visible(text, encoding, keep="\n\t")


def _head(report: Report) -> list[str]:
    mark = "✅" if report.exit_code is ExitCode.CLEAN else "❌"
    head = [f"## {mark} {_prose(report.command)}: {_prose(report.project)}"]
    head.append(_spoken(outcome(report)))
    if report.checks:
        head.append(_prose(report.subject))
        head.append("\n".join(map(_check, report.checks)))
    return [*head, *(block for database in report.databases for block in _states(database, report))]


def _states(database: DatabaseReport, report: Report) -> Iterator[str]:
    """How it stands with each gap, as a table; it holds no words but ours."""
    server = f"{database.dialect} {database.server_version}".strip()
    stamped = ", ".join(map(_code, database.stamped)) or "nothing"
    heads = ", ".join(map(_code, database.heads)) or "none"
    where = f"**{_prose(database.name)}** on {_prose(server)}"
    yield where + (f", stamped {stamped}, head {heads}" if database.heads else "")
    if database.whereabouts is not None:
        yield _whereabouts(database.whereabouts)
    yield from _plays(database.plays)
    if not database.gaps:  # a play, or a place in the history, is not about them
        return
    gaps = CHAIN if set(database.gaps) <= set(CHAIN) else database.gaps
    rows = [f"| {gap} | {_state(gap, database, report)} |" for gap in gaps]
    yield "\n".join(["| gap | state |", "| --- | --- |", *rows])


def _check(check: Check) -> str:
    why = f": {_prose(check.why)}" if check.why else ""
    said = "not checked: " * (check.passed is None) + check.name
    return f"- {_CAME_OFF[check.passed]} {_prose(said)}{why}"


def _whereabouts(found: Whereabouts) -> str:
    mark = _CAME_OFF[found.as_stamped and not found.changes]
    return "\n".join([f"{mark} {_prose(place(found))}", *map(_prose, how_known(found))])


def _plays(plays: Sequence[Play]) -> Iterator[str]:
    """A line for each play, the failing ones first; then the acts of the first of them."""
    if not plays:
        return
    plays = sorted(plays, key=lambda play: play.gets_through)
    if len(plays) > 1:
        rest = len(plays) - _PLAYS
        more = [f"- … {rest} more"] if rest > 0 else []
        yield "\n".join([*map(_play, plays[:_PLAYS]), *more])
    yield f"From {_prose(plays[0].start)}:"
    for act in plays[0].acts:
        yield f"- {_CAME_OFF[act.came_off]} {_prose(act.said)}"
        if act.code:
            yield _block(act.code)


def _play(play: Play) -> str:
    said = "gets through" if play.gets_through else play.acts[-1].said
    return f"- {_CAME_OFF[play.gets_through]} {_prose(f'from {play.start}: {said}')}"


def _state(gap: str, database: DatabaseReport, report: Report) -> str:
    if gap not in database.gaps:
        return "not looked at"
    found = [finding for finding in database.findings if gap in finding.gaps]
    ignored = sum(gap in one.finding.gaps for one in database.ignored)
    also = f", {ignored} ignored" if ignored else ""
    if not found:
        return f"✅ {ignored} ignored" if ignored else "✅ in step"
    mark = "❌" if any(map(report.fails, found)) else "⚠️"
    return f"{mark} {counted(len(found), 'finding')}{also}"


def _findings(report: Report, page: Page, room: int) -> Iterator[str]:
    """The findings, the gravest first: in full, then in a line each, then their number."""
    grave = sorted(report.findings, key=lambda one: [*_MARKS].index(level(one, report)))
    for number, finding in enumerate(grave):
        block = "\n\n".join(_in_full(finding, report, page))
        if _LIMIT - room + _length(block) > _IN_FULL:
            yield from _in_brief(grave[number:], report, page, room)
            return
        room -= _length(block) + 4
        yield block


def _in_brief(rest: Sequence[Finding], report: Report, page: Page, room: int) -> Iterator[str]:
    lines = [f"- {_title(finding, report)}{_place(finding, page)}" for finding in rest]
    room -= 300  # for what is said of what is left out
    told: list[str] = []
    for line in lines:
        room -= _length(line) + 2
        if room < 0:
            break
        told.append(line)
    if told:
        yield f"### {counted(len(told), 'finding')} in brief"
        yield "\n".join(told)
    left_out = rest[len(told) :]
    if left_out:
        failing = sum(map(report.fails, left_out))
        count = counted(len(left_out), "finding")
        yield (
            f"**{count} left out**, {failing} of which fail the check: a comment holds no more. "
            f"`--format terminal --verbose` tells all."
        )


def _title(finding: Finding, report: Report) -> str:
    return f"{_MARKS[level(finding, report)]} {_prose(finding.message)}"


def _place(finding: Finding, page: Page) -> str:
    return f" · {_code(shown(finding.location, page))}" if finding.location else ""


def _in_full(finding: Finding, report: Report, page: Page) -> Iterator[str]:
    yield f"### {_title(finding, report)}"
    blind = " · autogenerate does not see it" if finding.blind_spot else ""
    yield _code(finding.rule) + _place(finding, page) + blind
    if finding.why:
        yield _prose(finding.why)
    if finding.leads_to:
        yield _prose(finding.leads_to)
    sides = "\n".join(_sides(finding))
    if sides:
        yield sides
    if finding.origin is not None:
        place = SourceLine(finding.origin.file, finding.origin.line)
        elsewhere = "" if place == finding.location else f", {_code(shown(place, page))}"
        made = "Made by" if finding.verdict else "In"
        yield f"{made} revision {_code(finding.origin.revision)}{elsewhere}."
    if finding.evidence is not None:
        yield f"Evidence: {_prose(finding.evidence.text)}"
    if finding.details:
        yield _block(finding.details)
    if finding.phantom is not None:
        yield "Because of it, and of no change to the models, `migrate` would write:"
        yield _block(finding.phantom.operation, "python")
        if finding.phantom.colleague_error is not None:
            yield "A colleague, whose database has no drift, would then get:"
            yield _block(finding.phantom.colleague_error)
    yield from (block for remedy in finding.remedies for block in _remedy(remedy))


def _sides(finding: Finding) -> Iterator[str]:
    """What each side holds; of a change, what differs."""
    if finding.change is ChangeType.CHANGED and finding.differences:
        sides = finding.gaps[0].between if finding.gaps else ("wanted", "actual")
        for difference in finding.differences:
            sets = (_code(value(side)) for side in (difference.wanted, difference.actual))
            name = _prose(difference.attribute.replace("_", " "))
            yield f"- {name}: " + ", ".join(map(" ".join, zip(sides, sets, strict=True)))
        return
    for group in agreeing(finding):
        definition = finding.definitions.get(group[0])
        kind = finding.address.kind if finding.address else "object"
        held = f"no such {kind}" if definition is None else _code(definition)
        yield f"- {', '.join(group)}: {held}"


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
        count = counted(len(database.ignored), "finding")
        yield f"<details><summary>{count} ignored, as [tool.driftcheck] says</summary>"
        lines = [f"- {_ignored(one)}" for one in database.ignored[:_IGNORED]]
        rest = len(database.ignored) - len(lines)
        yield "\n".join([*lines, *([f"- … {rest} more"] if rest > 0 else [])])
        yield "</details>"
    yield from (f"> {_prose(note)}" for note in database.notes)
    counts = ", ".join(counted(n, _prose(k)) for k, n in database.coverage.compared.items() if n)
    missing = (f"{n} {_prose(k)}" for k, n in database.coverage.not_compared.items() if n)
    left = ", ".join(missing)
    yield f"Compared {counts or 'nothing'}" + (f"; not compared: {left}." if left else ".")


def _ignored(one: Ignored) -> str:
    about = f" {_code(one.finding.address.sql)}" if one.finding.address else ""
    until = f" (until {one.until})" if one.until else ""
    return f"{_code(one.finding.rule)}{about}: {_prose(one.reason[: _LONGEST // 10])}{until}"


def _prose(text: str) -> str:
    """Text as nothing but text: no markup, no mention, no link; on one line."""
    return _FIRST.sub(lambda first: f"&#{ord(first[0][0])};{first[0][1:]}", _within(text.strip()))


def _within(text: str) -> str:
    """The same for what does not begin a line."""
    plain = _MARKUP.sub(r"\\\1", visible(text))
    plain = _CALLS.sub(_APART, plain)
    return _LINKS.sub(lambda sign: f"&#{ord(sign[0])};", plain)


def _spoken(text: str) -> str:
    """A sentence of ours, in which what is typed stands between backticks."""
    pieces = enumerate(text.split("`"))
    return "".join(_code(one) if number % 2 else _within(one) for number, one in pieces)


def _html(text: str) -> str:
    return _CALLS.sub(_APART, escape(visible(text)))


def _code(text: str) -> str:
    """Text as code within a line; no mention works there."""
    plain = visible(_cut(text))
    fence = _longer_than_any(plain, 1)
    pad = " " if plain.startswith(("`", " ")) or plain.endswith(("`", " ")) or not plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}"


def _block(text: str, language: str = "text") -> str:
    plain = visible(_cut(text.strip("\n")), keep="\n\t")
    fence = _longer_than_any(plain, 3)
    return f"{fence}{language if language.isalpha() else ''}\n{plain}\n{fence}"


def _longer_than_any(text: str, least: int) -> str:
    """Backticks that nothing in the text closes."""
    longest = max(map(len, re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1)


def _cut(text: str) -> str:
    left_out = len(text) - _LONGEST
    return text if left_out <= 0 else f"{text[:_LONGEST]}\n… {left_out} characters left out"
