"""The HTML report of a fleet: one file without scripts, and without anything from elsewhere."""

from __future__ import annotations

from functools import cache, partial

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from driftcheck.errors import ExitCode
from driftcheck.judging.fleet_results import FleetResult
from driftcheck.reports.fleet.wording import conclusion, listed, summary
from driftcheck.reports.output_style import PLAIN, OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.visible import visible


def in_html(fleet: FleetResult, output: OutputStyle = PLAIN) -> str:
    """Render the complete result as a page. Characters outside the encoding are references."""
    text = _template().render(
        fleet=fleet,
        size=counted(fleet.size, fleet.member_noun),
        is_clean=fleet.exit_code is ExitCode.CLEAN,
        conclusion=conclusion(fleet),
        summary=summary,
        listed=partial(listed, report=fleet.report),
    )
    encoded = f"{text.rstrip()}\n".encode(output.encoding, errors="xmlcharrefreplace")
    return encoded.decode(output.encoding)


def _shown(value: object) -> object:
    """Return a value with its invisible characters escaped. Markup comes from the template."""
    is_text = isinstance(value, str) and not isinstance(value, Markup)
    return visible(str(value), keep="\n") if is_text else value


@cache
def _template() -> Template:
    """Return the template. Every value in it is escaped, and invisible characters are shown."""
    environment = Environment(
        loader=PackageLoader("driftcheck.reports.fleet", "."),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html.jinja")
