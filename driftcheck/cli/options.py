"""The options that several commands share, and how they become settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.delivery import Delivery, Output, OutputFile, OutputType
from driftcheck.config.settings import Settings, load_settings
from driftcheck.errors import ConfigurationError
from driftcheck.judging.rule_lookup import is_rule
from driftcheck.process.deadline import CONNECT_SECONDS, DEFAULT_SECONDS, watchdog
from driftcheck.reports import FORMATS

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _together(*decorators: Decorator) -> Decorator:
    """Several options as one decorator, shown by --help in the order given."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        return reduce(lambda wrapped, one: one(wrapped), reversed(decorators), command)

    return decorate


project_options = _together(
    click.option("--app", metavar="IMPORT", help="The Flask app, as in flask --app."),
    click.option(
        "-c",
        "--config",
        metavar="FILE",
        help="The Alembic configuration: a file, or package.module:callable that returns it.",
    ),
    click.option("-n", "--name", metavar="SECTION", help="The section of the configuration file."),
    click.option("-x", multiple=True, metavar="KEY=VALUE", help="An argument for env.py."),
    click.option("--directory", metavar="DIR", help="The migrations directory of a Flask app."),
    click.option(
        "--bootstrap",
        metavar="WHAT",
        help="What to run before the migrations, if they fail on an empty database: "
        "FILE.sql, create_all, import, package.module:callable or 'command: …'. With @REVISION, "
        "the migrations start after this revision.",
    ),
    click.option(
        "--base-snapshot",
        metavar="FILE",
        help="A file written by driftcheck snapshot. The migrations start from its schema.",
    ),
)

_place_options = _together(
    click.option(
        "-d",
        "--database-url",
        metavar="URL",
        help="The live database.  [default: the project's database; "
        "env var: DRIFTCHECK_DATABASE_URL]",
    ),
    click.option(
        "--shadow",
        metavar="URL",
        help="The server for shadow databases: a URL or same-server.  [default: chosen "
        "automatically; env var: DRIFTCHECK_SHADOW]",
    ),
)

timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    help="How long one statement on a database may take, live or shadow. Connecting takes no "
    f"longer, and {CONNECT_SECONDS:g} seconds at most. Also DRIFTCHECK_TIMEOUT.  "
    f"[default: {DEFAULT_SECONDS:g}]",
)

replay_options = _together(
    _place_options,
    timeout_option,
)

database_options = _together(
    replay_options,
    click.option(
        "--cache/--no-cache",
        default=None,
        help="Cache the schemas that the migrations build. On by default.",
    ),
)

reading_options = _together(
    click.option(
        "--schema",
        "schemas",
        multiple=True,
        metavar="NAME",
        help="Compare only this schema. May be repeated.",
    ),
    click.option("--grants/--no-grants", default=None, help="Compare privileges. Off by default."),
    click.option("--owners/--no-owners", default=None, help="Compare owners. Off by default."),
)

scope_options = _together(
    reading_options,
    click.option(
        "--strict-coverage",
        is_flag=True,
        default=None,
        help="Exit with 3 if nothing is found but some objects could not be compared.",
    ),
)


_more_output_options = _together(
    click.option("-o", "--output", type=OutputFile(), help="Write the report to a file."),
    click.option(
        "--verbose", is_flag=True, help="Show everything, and where shadow databases are created."
    ),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)


def output_options_of(forms: Iterable[str]) -> Decorator:
    """The options of what is written, in one of the forms, where that is no report."""
    choices = list(forms)
    return _together(
        click.option(
            "--format",
            "form",
            type=click.Choice(choices),
            default=choices[0],
            show_default=True,
            help="The format of the report.",
        ),
        _more_output_options,
    )


_report_options = _together(
    click.option(
        "--format",
        "forms",
        type=OutputType(),
        metavar="FORMAT[=FILE]",
        multiple=True,
        default=(FORMATS[0],),
        show_default=True,
        help=f"The format of the report: {', '.join(FORMATS)}. With =FILE, the report is "
        "written to the file. May be repeated.",
    ),
    _more_output_options,
)


def output_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options of a command that makes a report; it gets them as ``deliver``."""

    @wraps(command)
    def delivering(
        *, forms: Sequence[Output], output: Path | None, verbose: bool, debug: bool, **others: Any
    ) -> Any:
        del debug  # main() looks for it, also where options cannot be parsed
        return command(deliver=Delivery.of(forms, output, full=verbose), **others)

    return _report_options(delivering)


def settings_from(options: dict[str, Any]) -> Settings:
    """Make settings of what a command was given.

    Raises:
        ConfigurationError: A value cannot be, or a rule is named that there is not.
    """
    settings = load_settings(Path.cwd(), options)
    for word in sorted(settings.fail_on):
        if "-" in word and not is_rule(word):
            raise ConfigurationError(
                f"fail-on names {word!r}, and there is no such rule",
                hint="The rule of a finding stands below its first line in a report.",
            )
    watchdog.seconds = settings.timeout
    return settings
