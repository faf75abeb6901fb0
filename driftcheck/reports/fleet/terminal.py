"""The terminal report of a fleet: clusters, exceptions, what was not checked, and the next step."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding
from driftcheck.judging.fleet_results import Cluster, FleetResult
from driftcheck.reports.fleet.wording import IN_STEP, conclusion, listed, names, state, summary
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal import as_text
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.terminal.layout import (
    BAD,
    FAINT,
    GOOD,
    SEVERITY,
    STRONG,
    Lines,
    heading,
    spaced,
    words,
    wrapped,
)

_FINDINGS, _NAMES = 5, 8
"""So many findings and names of a cluster are shown in a terminal, unless --verbose is given."""


def in_terminal(fleet: FleetResult, output: OutputStyle = PLAIN) -> str:
    """Render the result for a person to read."""
    blocks = [
        _title(fleet, output),
        _clusters(fleet, output),
        [line for finding in fleet.faults for line in _finding(finding, output)],
        *(_exception(cluster, fleet, output) for cluster in fleet.clusters),
        _not_checked(fleet, output),
        _conclusion(fleet, output),
    ]
    return as_text([*spaced(blocks)], output)


def _title(fleet: FleetResult, output: OutputStyle) -> Lines:
    text = f" · {counted(fleet.size, fleet.member_noun)} · head {', '.join(fleet.heads) or 'none'}"
    if fleet.resumed:
        text += f" · {fleet.resumed} read by an unfinished run"
    return wrapped(output, words(output, (fleet.report.project, STRONG), text))


def _clusters(fleet: FleetResult, output: OutputStyle) -> Lines:
    """Return a line for each cluster: the number of members, and what they are."""
    width = len(str(fleet.size)) + 2
    lines: Lines = []
    for cluster in fleet.clusters:
        style = BAD if fleet.fails(cluster) else GOOD
        first = words(output, (f"{len(cluster.members):>{width}}", style), "  ")
        lines += wrapped(output, words(output, summary(cluster)), width + 2, first=first)
    if fleet.not_checked:
        first = words(output, (f"{len(fleet.not_checked):>{width}}", BAD), "  ")
        lines += wrapped(output, words(output, "not checked"), width + 2, first=first)
    return lines


def _exception(cluster: Cluster, fleet: FleetResult, output: OutputStyle) -> Lines:
    """Return the names of the members of a cluster, and each finding in one line.

    A cluster whose members are in step is no exception.
    """
    found = listed(cluster, fleet.report)
    if not found and state(cluster) == IN_STEP:
        return []
    shown = found if output.whole else found[:_FINDINGS]
    members = names(cluster.members, len(cluster.members) if output.whole else _NAMES)
    lines = heading(summary(cluster), output)
    lines += wrapped(output, words(output, members), 2, first=words(output, "  "))
    for finding in shown:
        lines += _finding(finding, output)
    if rest := len(found) - len(shown):
        text = f"… {counted(rest, 'finding')} left out; --verbose shows them"
        lines += wrapped(output, words(output, (text, FAINT)), 2, first=words(output, "  "))
    return lines


def _finding(finding: Finding, output: OutputStyle) -> Iterator[Text]:
    mark, style = SEVERITY[finding.severity]
    first = words(output, "  ", (mark, style), " ")
    message = words(output, finding.message, (f" [{finding.rule}]", FAINT))
    yield from wrapped(output, message, 4, first=first)


def _not_checked(fleet: FleetResult, output: OutputStyle) -> Lines:
    if not fleet.not_checked:
        return []
    lines = heading("not checked", output)
    for each in fleet.not_checked:
        first = words(output, "  ", ("✗", BAD), " ")
        text = words(output, (each.member.name, STRONG), f": {each.reason}")
        lines += wrapped(output, text, 4, first=first)
        if each.hint and (output.whole or each is fleet.not_checked[0]):
            lines += wrapped(
                output, words(output, (each.hint, FAINT)), 4, first=words(output, "    ")
            )
    return lines


def _conclusion(fleet: FleetResult, output: OutputStyle) -> Lines:
    mark, style = ("✓", GOOD) if fleet.exit_code is ExitCode.CLEAN else ("✗", BAD)
    return wrapped(
        output, words(output, conclusion(fleet)), 2, first=words(output, (mark, style), " ")
    )
