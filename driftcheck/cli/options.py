"""The options that several commands share, and their conversion into settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce, wraps
from pathlib import Path
from typing import Any

import click

from driftcheck.chain import CHAIN
from driftcheck.cli import completion
from driftcheck.cli.delivery import Delivery, Output, OutputFile, OutputType
from driftcheck.config.settings import Settings, load_settings
from driftcheck.errors import ConfigurationError
from driftcheck.judging.rule_lookup import is_rule, rules_like
from driftcheck.process.deadline import CONNECT_SECONDS, DEFAULT_SECONDS, watchdog
from driftcheck.reports import FORMATS
from driftcheck.suggestions import with_suggestion

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]
RULES_HINT = "A report shows the rule of a finding below the first line of the finding."
"""Where to look up a rule."""


def combined(*decorators: Decorator) -> Decorator:
    """Combine several options into one decorator. --help shows them in the given order."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        return reduce(lambda wrapped, option: option(wrapped), reversed(decorators), command)

    return decorate


project_options = combined(
    click.option("--app", metavar="IMPORT", help="The Flask app, as in flask --app."),
    click.option(
        "-c",
        "--config",
        metavar="FILE",
        shell_complete=completion.files(),
        help="The Alembic configuration: a file, or package.module:callable that returns it.",
    ),
    click.option("-n", "--name", metavar="SECTION", help="The section of the configuration file."),
    click.option(
        "-x",
        multiple=True,
        metavar="KEY=VALUE",
        help="An argument for env.py. May be repeated.",
    ),
    click.option(
        "--directory",
        metavar="DIR",
        shell_complete=completion.directories,
        help="The migrations directory of a Flask app.",
    ),
    click.option(
        "--bootstrap",
        metavar="WHAT",
        shell_complete=completion.files("create_all", "import"),
        help="What to run before the migrations, if they fail on an empty database: "
        "FILE.sql, create_all, import, package.module:callable or 'command: …'. With @REVISION, "
        "the migrations start after this revision.",
    ),
    click.option(
        "--base-snapshot",
        metavar="FILE",
        shell_complete=completion.files(),
        help="A file written by driftcheck snapshot. The migrations start from its schema.",
    ),
)

_database_url_options = combined(
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
        shell_complete=completion.words("same-server"),
        help="The server on which shadow databases are created: a URL, or same-server for the "
        "server of the live database.  [default: chosen automatically; env var: "
        "DRIFTCHECK_SHADOW]",
    ),
)

timeout_option = click.option(
    "--timeout",
    metavar="SECONDS",
    help="The time limit for each statement on a live or shadow database. "
    f"Connecting has the same limit, but at most {CONNECT_SECONDS:g} seconds.  "
    f"[default: {DEFAULT_SECONDS:g}; env var: DRIFTCHECK_TIMEOUT]",
)

replay_options = combined(
    _database_url_options,
    timeout_option,
)

database_options = combined(
    replay_options,
    click.option(
        "--cache/--no-cache",
        default=None,
        help="Cache schemas, and what migrate writes for the head. On by default.",
    ),
)

reading_options = combined(
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

scope_options = combined(
    reading_options,
    click.option(
        "--strict-coverage",
        is_flag=True,
        default=None,
        help="Exit with 3 if nothing is found but some objects could not be compared.",
    ),
)


def judging_options(default_gaps: str = "") -> Decorator:
    """Return the options that select what is compared and what fails the check.

    Args:
        default_gaps: What ``--help`` says of the gaps that are compared by default; empty for all.
    """
    return combined(
        click.option(
            "--fail-on",
            metavar="WHAT",
            shell_complete=completion.gaps_and_rules,
            help="The gaps and rules that fail the check, separated by commas; or none.  "
            "[default: drift,pending]",
        ),
        click.option(
            "--only-gap",
            "gaps",
            multiple=True,
            metavar="GAP",
            shell_complete=completion.words(*CHAIN),
            help="Compare only this gap: pending, unapplied or drift. May be repeated."
            + (f"  [default: {default_gaps}]" if default_gaps else ""),
        ),
    )


_common_output_options = combined(
    click.option("-o", "--output", type=OutputFile(), help="Write the report to a file."),
    click.option(
        "--verbose",
        is_flag=True,
        help="Show all details, and where shadow databases are created. If stderr is not a "
        "terminal, write progress to it as lines.",
    ),
    click.option("--debug", is_flag=True, help="Show the traceback of an error."),
)


def output_options_of(formats: Iterable[str]) -> Decorator:
    """Return the output options of a command that does not write a check's report."""
    choices = list(formats)
    return combined(
        click.option(
            "--format",
            "format_name",
            type=click.Choice(choices),
            default=choices[0],
            show_default=True,
            help="The format of the report.",
        ),
        _common_output_options,
    )


def output_options_for(formats: Sequence[str]) -> Decorator:
    """Return the output options of a command that writes a report. It receives ``deliver``.

    Args:
        formats: The names of its formats; the first one is the default.
    """
    add_options = combined(
        click.option(
            "--format",
            "outputs",
            type=OutputType(formats),
            metavar="FORMAT[=FILE]",
            multiple=True,
            default=(formats[0],),
            show_default=True,
            help=f"The format of the report: {', '.join(formats)}. With =FILE, the report is "
            "written to the file. May be repeated.",
        ),
        _common_output_options,
    )

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def delivering(
            *,
            outputs: Sequence[Output],
            output: Path | None,
            verbose: bool,
            debug: bool,
            **others: Any,
        ) -> Any:
            del debug  # read by main(), which also needs it if the options cannot be parsed
            return command(deliver=Delivery.of(outputs, output, full=verbose), **others)

        return add_options(delivering)

    return decorate


output_options = output_options_for(FORMATS)


def settings_from(options: dict[str, Any]) -> Settings:
    """Return the settings for a command.

    Args:
        options: The options from the command line, by the names of ``Settings``.

    Raises:
        ConfigurationError: A value is not valid, or a rule does not exist.
    """
    settings = load_settings(Path.cwd(), options)
    for word in sorted(settings.fail_on):
        if "-" in word and not is_rule(word):
            raise ConfigurationError(
                f"fail-on contains {word!r}, which is not a rule",
                hint=with_suggestion(word, filter(is_rule, rules_like(word)), RULES_HINT),
            )
    watchdog.seconds = settings.timeout
    return settings
