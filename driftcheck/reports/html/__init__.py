"""The format for a browser: one file that needs no network, with filters, and to be printed.

Texts from a database or from the project's code are escaped, and the security policy of the page
allows no script but its own: https://www.w3.org/TR/CSP3/
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from driftcheck.chain import Gap, Side
from driftcheck.dialects import display_name
from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, Severity
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.reports.html.causes import causes
from driftcheck.reports.html.matrix import matrix
from driftcheck.reports.html.sides import compared_values
from driftcheck.reports.html.timeline import timeline
from driftcheck.reports.level import level
from driftcheck.reports.order import parent_of
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.prose import line_text
from driftcheck.reports.terminal.chain import gap_state, gaps_of, links
from driftcheck.reports.terminal.conclusion import first_step, result_and_steps
from driftcheck.reports.terminal.counting import counted, kinds
from driftcheck.reports.terminal.ignored import ignored_text
from driftcheck.reports.terminal.layout import BAD, FAINT, GOOD, WARN
from driftcheck.reports.terminal.overview import IN_FULL
from driftcheck.reports.terminal.revision_match import determination, match_text
from driftcheck.reports.terminal.sections import places_text
from driftcheck.reports.visible import is_plain
from driftcheck.reports.web import finished, inline, template

_STATES = {BAD: "bad", WARN: "warn", GOOD: "good", FAINT: "faint"}
_NO_GAP = "project"
"""The name of the filter for findings that belong to no gap."""


def render(report: Report, output: OutputStyle = PLAIN) -> str:
    """Render the complete report as a page."""
    result, steps = result_and_steps(report)
    page = template("html/page.html.jinja").render(
        report=report,
        output=output,
        style=inline("base.css", "html/page.css"),
        script=inline("html/page.js"),
        is_clean=report.exit_code is ExitCode.CLEAN,
        result=result,
        steps=steps,
        first=first_step(report.findings, report) if _has_several_steps(report) else "",
        filters_of=_filters(report.findings),
        objects=sorted({str(parent) for f in report.findings if (parent := parent_of(f))}),
        is_long=len(report.findings) > IN_FULL,
        chain=_chain,
        server=_server,
        causes=causes,
        matrix=matrix,
        timeline=timeline,
        compared_values=compared_values,
        places_text=places_text,
        match_text=match_text,
        determination=determination,
        ignored_text=ignored_text,
        level=level,
        gaps=gap_names,
        parent_of=parent_of,
        identity=id,
        counted=counted,
        kinds=kinds,
        line_text=line_text,
        has_escapes=_has_escapes,
        coverage=_coverage,
        numbers={id(finding): n for n, finding in enumerate(report.findings, start=1)},
    )
    return finished(page, output.encoding)


def _has_several_steps(report: Report) -> bool:
    """Whether the findings that fail the check need different steps."""
    return len({finding.verdict for finding in report.findings if report.fails(finding)}) > 1


def gap_names(finding: Finding) -> tuple[str, ...]:
    """Return the gaps under which a filter shows a finding."""
    return finding.gaps or (_NO_GAP,)


def _filters(findings: Iterable[Finding]) -> Mapping[str, Mapping[str, int]]:
    """Return the values of each filter with the numbers of findings, in a fixed order."""
    found = list(findings)
    gaps = Counter(str(gap) for finding in found for gap in gap_names(finding))
    severities = Counter(str(finding.severity) for finding in found)
    of_kind = Counter(finding.address.kind for finding in found if finding.address)
    return {
        "gap": {name: gaps[name] for name in (_NO_GAP, *Gap) if gaps[name]},
        "severity": {name: severities[name] for name in Severity if severities[name]},
        "kind": dict(sorted(of_kind.items())),
    }


def _chain(
    database: DatabaseReport, report: Report
) -> list[tuple[Side, str, tuple[str, str, str] | None]]:
    """Return each side with its revisions, and the gap after it: name, state and class."""
    drawn = []
    for side, gap in links(gaps_of(database)):
        after = None
        if gap is not None:
            text, style = gap_state(gap, database, report)
            after = str(gap), text, _STATES[style]
        drawn.append((side, _place(side, database), after))
    return drawn


def _place(side: Side, database: DatabaseReport) -> str:
    """Return the revisions or the name of a schema; empty for a side that was not compared."""
    compared = {side for gap in database.gaps for side in gap.between}
    if side is Side.HEAD:
        return ", ".join(database.heads) or "no revision"
    if side is Side.STAMPED and side in compared:
        return ", ".join(database.stamped) or "no revision"
    if side is Side.MODELS:
        return "declared by the code"
    return database.name if side is Side.LIVE else ""


def _server(database: DatabaseReport) -> str:
    if not database.dialect:
        return ""
    name = display_name(database.dialect, database.server_version)
    return f"{name} {database.server_version}".strip()


def _coverage(counts: Mapping[str, int]) -> str:
    return ", ".join(counted(count, kind) for kind, count in counts.items() if count)


def _has_escapes(code: str) -> bool:
    """Whether a page shows escapes in place of some characters."""
    return not all(is_plain(line, "utf-8") for line in code.replace("\t", "\n").split("\n"))
