"""The HTML report of a fleet: one file without scripts, and without anything from elsewhere."""

from __future__ import annotations

from functools import partial

from driftcheck.errors import ExitCode
from driftcheck.judging.fleet_results import FleetResult
from driftcheck.reports.fleet.wording import conclusion, listed, summary
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.web import finished, inline, template


def in_html(fleet: FleetResult, output: OutputStyle = PLAIN) -> str:
    """Render the complete result as a page."""
    page = template("fleet/page.html.jinja").render(
        fleet=fleet,
        style=inline("base.css", "fleet/page.css"),
        size=counted(fleet.size, fleet.member_noun),
        is_clean=fleet.exit_code is ExitCode.CLEAN,
        conclusion=conclusion(fleet),
        summary=summary,
        listed=partial(listed, report=fleet.report),
    )
    return finished(page, output.encoding)
