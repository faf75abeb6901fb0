"""``driftcheck ignore``: writes an ignore entry into the project's ``pyproject.toml``."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import click

from driftcheck.cli.files import write_project_file
from driftcheck.cli.options import RULES_HINT
from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.config.settings import load_settings
from driftcheck.errors import ConfigurationError, ExitCode
from driftcheck.judging.ignoring import matches_no_rule
from driftcheck.judging.rule_lookup import rules_like
from driftcheck.process import streams
from driftcheck.reports.file_diff import file_diff
from driftcheck.suggestions import with_suggestion


@click.command()
@click.argument("address")
@click.option("--reason", metavar="TEXT", required=True, help="Why the findings are ignored.")
@click.option(
    "--rule",
    metavar="PATTERN",
    default="drift-*",
    show_default=True,
    help="The rules of the findings. A report shows the rule of each finding.",
)
@click.option(
    "--until",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="The last day on which the findings are ignored, as in 2027-01-31.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def ignore(
    *, address: str, reason: str, rule: str, until: datetime | None, debug: bool
) -> ExitCode:
    """Ignore the findings of an object.

    Writes an entry into [tool.driftcheck] of pyproject.toml, and shows the change. ADDRESS is the
    address of an object, or of the table that contains it, as in reports; it may have wildcards.

    \b
    Example:
      driftcheck ignore 'public.audit_*' --reason "The auditors index them."

    Exit codes: 0 if the entry was written, 2 for a usage or configuration error, 3 if the file
    cannot be written.
    """
    del debug  # read by main()
    # Imported here because --help does not need it.
    from driftcheck.actions.ignore import with_entry  # noqa: PLC0415

    load_settings(Path.cwd(), {})  # a file with errors is not changed
    entry = _entry(rule, address, reason, until.date() if until else None)
    path = Path("pyproject.toml")
    before = path.read_bytes().decode() if path.is_file() else ""
    after = with_entry(before, entry, path)
    write_project_file(path, after)
    diff = file_diff(str(path), before, after)
    streams.out().write(diff or f"{path} has this entry already.\n")
    return ExitCode.CLEAN


def _entry(rule: str, address: str, reason: str, until: date | None) -> IgnoreEntry:
    """Return the entry.

    Raises:
        ConfigurationError: A value is empty, the last day has passed, or no rule matches.
    """
    given = {"rule": rule, "address": address, "reason": reason} | (
        {"until": until} if until else {}
    )
    entry = IgnoreEntry.read(given)
    if entry.is_over(datetime.now().astimezone().date()):
        raise ConfigurationError(
            f"--until {until} has passed", hint="Name a day in the future, or leave out --until."
        )
    if matches_no_rule(entry):
        raise ConfigurationError(
            f"no rule matches {rule!r}",
            hint=with_suggestion(rule, rules_like(rule), RULES_HINT),
        )
    return entry
