"""The format for GitHub Actions: workflow commands that annotate the lines of a change.

The runner parses and unescapes the commands in ``ActionCommand.cs``. It keeps the first ten
annotations of each level and step (``_maxIssueCount``), each up to 4,096 characters.

https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from driftcheck.judging.findings import Finding, SourceLine
from driftcheck.judging.report import Report
from driftcheck.reports.level import Level, level
from driftcheck.reports.order import ordered
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.prose import paragraphs
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.visible import visible

_COMMANDS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_MAX_OF_A_LEVEL = 10
_MAX_LENGTH = 4000
"""Characters of a message before escaping."""


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render an annotation for each finding, first those that fail the check, and the counts."""
    lines: list[str] = []
    for of_level, command in _COMMANDS.items():
        findings = [f for f in ordered(report.findings, report) if level(f, report) == of_level]
        lines += _commands(command, findings, output)
    return "\n".join([*lines, _counts(report)]) + "\n"


def _commands(command: str, findings: Sequence[Finding], output: OutputStyle) -> Iterator[str]:
    """Yield the commands of one level. The last one that GitHub shows counts the others."""
    count = len(findings)
    shown = count if count <= _MAX_OF_A_LEVEL else _MAX_OF_A_LEVEL - 1
    for number, finding in enumerate(findings):
        if number == shown:
            message = (
                f"{counted(count - shown, 'finding')} not shown: GitHub shows {_MAX_OF_A_LEVEL} "
                "annotations of each level. The log of this step contains all of them."
            )
            yield _command(command, None, "driftcheck", message, output)
        text = "\n".join([visible(finding.message, output.encoding), *paragraphs(finding, output)])
        yield _command(command, finding.location, finding.rule, text, output)


def _command(
    name: str, location: SourceLine | None, title: str, message: str, output: OutputStyle
) -> str:
    properties = {"title": title}
    if location is not None:
        line = {} if location.line is None else {"line": str(location.line)}
        properties = {"file": output.path(location.file), **line, **properties}
    escaped = (
        f"{key}={_property(visible(text, output.encoding))}" for key, text in properties.items()
    )
    if len(message) > _MAX_LENGTH:
        message = message[:_MAX_LENGTH] + "\n(truncated; --format terminal shows the full text)"
    return f"::{name} {','.join(escaped)}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _counts(report: Report) -> str:
    """Return the last line of the log.

    It contains no text from the database or the project, in which the runner might find a command.
    """
    failing = sum(map(report.fails, report.findings))
    others = len(report.findings) - failing
    counts = [f"{counted(failing, 'finding')} {'fails' if failing == 1 else 'fail'} the check"]
    counts += [counted(others, "informational finding")] if others else []
    counts += [f"{len(report.ignored)} ignored"] if report.ignored else []
    return f"driftcheck: {', '.join(counts)}; exit code {int(report.exit_code)}."
