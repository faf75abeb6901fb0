"""The form for GitHub Actions: workflow commands that put findings beside the lines of a change.

The commands and their escaping are read by the runner's ``ActionCommand.cs``; it keeps no more
than ten of a level of each step as annotations (``_maxIssueCount``), the first ones, and of each
no more than 4,096 characters.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftcheck.judging.findings import Finding, Report, SourceLine
from driftcheck.reports.level import Level, level
from driftcheck.reports.page import PLAIN, Page
from driftcheck.reports.prose import paragraphs
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.visible import visible

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_OF_A_LEVEL = 10
_LONGEST = 4000
"""Characters of a message, escapes not counted."""


def render(report: Report, page: Page = PLAIN) -> str:
    """Write an annotation for each finding, those that fail the check first, and the counts."""
    lines: list[str] = []
    for one, command in _COMMANDS.items():
        found = [finding for finding in report.findings if level(finding, report) == one]
        lines += _commands(command, found, page)
    return "\n".join([*lines, _counts(report)]) + "\n"


def _commands(command: str, found: Sequence[Finding], page: Page) -> Iterator[str]:
    """The commands of one level; where some will not be shown, the last one that is says so."""
    shown = len(found) if len(found) <= _OF_A_LEVEL else _OF_A_LEVEL - 1
    for number, finding in enumerate(found):
        if number == shown:
            rest = counted(len(found) - shown, "finding")
            message = f"{rest} more: GitHub shows {_OF_A_LEVEL} of a kind. The log of this step has"
            yield _command(command, None, "driftcheck", f"{message} all of them.", page)
        text = "\n".join([visible(finding.message, page.encoding), *paragraphs(finding, page)])
        yield _command(command, finding.location, finding.rule, text, page)


def _command(name: str, place: SourceLine | None, title: str, message: str, page: Page) -> str:
    properties = {"title": title}
    if place is not None:
        line = {} if place.line is None else {"line": str(place.line)}
        properties = {"file": page.path(place.file), **line, **properties}
    said = ((key, _property(visible(text, page.encoding))) for key, text in properties.items())
    if len(message) > _LONGEST:
        message = message[:_LONGEST] + "\n(cut short: --format terminal tells it in full)"
    return f"::{name} {','.join(f'{key}={text}' for key, text in said)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _counts(report: Report) -> str:
    """A line of the log. No text of anybody else's: the runner would obey a command in it."""
    failing = sum(map(report.fails, report.findings))
    others = len(report.findings) - failing
    counts = [f"{counted(failing, 'finding')} {'fails' if failing == 1 else 'fail'} the check"]
    counts += [f"{others} more to know of"] if others else []
    counts += [f"{len(report.ignored)} ignored"] if report.ignored else []
    return f"driftcheck: {', '.join(counts)}; exit code {int(report.exit_code)}."
