"""``driftcheck watch``: makes a check again and again, and tells what is new or gone."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from driftcheck.cli.console import say
from driftcheck.cli.delivery import OutputFile
from driftcheck.errors import ConfigurationError, ExitCode
from driftcheck.process import streams
from driftcheck.process.masking import masked
from driftcheck.reports.visible import visible
from driftcheck.reports.watch import FORMATS
from driftcheck.storage.cache_directory import cache_directory

_CHECKS = ("compare", "fleet")
_OF_OUTPUT = frozenset({"outputs", "format_name", "output"})
_LOCALHOST = "127.0.0.1"
_LAST_PORT = 65_535
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}


class _Interval(click.ParamType):  # type: ignore[type-arg]  # generic in the types of new versions only
    """A duration of at least a second: ``30s``, ``5m``, ``1h``."""

    name = "interval"

    def convert(self, value: Any, param: Any, ctx: Any) -> float:
        """Return the duration in seconds."""
        match = re.fullmatch(r"(\d{1,9})([smhd]?)", str(value))
        seconds = int(match[1]) * _SECONDS[match[2]] if match else 0
        if not 1 <= seconds <= 365 * _SECONDS["d"]:
            self.fail(f"{value!r} is not a duration such as 30s, 5m or 1h.", param, ctx)
        return seconds


class _HostAndPort(click.ParamType):  # type: ignore[type-arg]  # generic in the types of new versions only
    """``PORT`` or ``HOST:PORT``."""

    name = "host and port"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[str, int]:
        """Return the host, by default that of this machine only, and the port."""
        host, _, port = str(value).rpartition(":")
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= _LAST_PORT):
            self.fail(f"{value!r} is not a port, or a host and a port.", param, ctx)
        return host.strip("[]") or _LOCALHOST, int(port)


@click.command(context_settings={"ignore_unknown_options": True})
@click.option(
    "--interval",
    type=_Interval(),
    default="5m",
    show_default=True,
    metavar="TIME",
    help="The time from the start of a check to the start of the next: 30s, 5m, 1h.",
)
@click.option(
    "--state",
    type=OutputFile(),
    metavar="FILE",
    help="Where the findings are kept over a restart.  [default: in the cache directory]",
)
@click.option(
    "--webhook",
    metavar="URL",
    help="Send what is new and what is gone to this URL, signed with the secret in "
    "DRIFTCHECK_WEBHOOK_SECRET.",
)
@click.option(
    "--prometheus",
    type=_HostAndPort(),
    metavar="[HOST:]PORT",
    help="Serve metrics on this port, by default of this machine only. Needs "
    "driftcheck[prometheus].",
)
@click.option(
    "--format",
    "format_name",
    type=click.Choice([*FORMATS]),
    default="text",
    show_default=True,
    help="The format of the lines.",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.argument("check", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def watch(  # noqa: PLR0913  (a parameter for each option)
    context: click.Context,
    *,
    interval: float,
    state: Path | None,
    webhook: str | None,
    prometheus: tuple[str, int] | None,
    format_name: str,
    debug: bool,
    check: Sequence[str],
) -> ExitCode:
    """Repeat a check, and tell what is new or gone.

    CHECK is a command with its options: compare or fleet. Without a command, it is compare:
    driftcheck watch --interval 5m -d URL. The first check tells all findings. Later checks tell
    only what is new and what is gone, one line each, and when a database cannot be checked any more
    and when it can be again.

    Each check runs in a process of its own, with the files of the project as they are then. SIGINT
    and SIGTERM end the running check, and the watch. Exit codes: 0 if a signal has ended it, 2 for
    a usage or configuration error, 3 if the watch itself fails.

    \b
    Example:
      driftcheck watch --interval 5m compare -d postgresql://reader@db/shop
    """
    del debug  # read by main(), which also needs it if the options cannot be parsed
    check = _checked(check, context)
    # Imported here because --help does not need these.
    from driftcheck.actions.watch import WatchOptions  # noqa: PLC0415
    from driftcheck.actions.watch import watch as make_rounds  # noqa: PLC0415
    from driftcheck.actions.watch.webhook import SECRET, Webhook  # noqa: PLC0415

    out, write = streams.out(), FORMATS[format_name]
    options = WatchOptions(
        check,
        interval,
        state or _default_state(check),
        None if webhook is None else Webhook(webhook, os.environ.get(SECRET, "")),
        None if prometheus is None else _metrics(*prometheus),
    )

    def tell(event: Any) -> None:
        out.write(f"{write(event, out.encoding)}\n")
        out.flush()

    make_rounds(options, tell, lambda problem: say(f"driftcheck: {visible(problem)}"))
    return ExitCode.CLEAN


def _checked(check: Sequence[str], context: click.Context) -> list[str]:
    """Return the check as a command with its options. Wrong options are refused at once.

    Raises:
        UsageError: The options are not those of the command, or say how its report is written.
    """
    commands = context.find_root().command
    assert isinstance(commands, click.Group)  # noqa: S101  (the command line is a group)
    is_named = bool(check) and check[0] in _CHECKS
    name, *options = check if is_named else ["compare", *check]
    command = commands.get_command(context, name)
    if command is None:
        raise click.UsageError(f"there is no command {name}.")
    try:
        parsing = command.make_context(name, [*options], parent=context.parent)
    except click.UsageError:
        late = next((word for word in options if word in _CHECKS), None)
        if late is None or is_named:
            raise
        raise click.UsageError(f"the options of {late} must follow the word {late}.") from None
    with parsing as parsed:
        for parameter in parsed.params:
            given = parsed.get_parameter_source(parameter) is click.core.ParameterSource.COMMANDLINE
            if given and parameter in _OF_OUTPUT:
                raise click.UsageError("a watch writes no reports: leave out --output.")
    return [name, *options]


def _default_state(check: Sequence[str]) -> Path:
    """Return the state file of a check of the project in the working directory."""
    text = masked("\0".join([str(Path.cwd()), *check]))
    name = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
    return cache_directory() / f"watch-{name}.json"


def _metrics(host: str, port: int) -> Any:
    """Return the server of the metrics.

    Raises:
        ConfigurationError: The library that writes them is not installed.
    """
    try:
        from driftcheck.actions.watch.metrics import Metrics  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name != "prometheus_client":
            raise
        raise ConfigurationError(
            "--prometheus needs prometheus_client, which is not installed",
            hint="Install driftcheck[prometheus].",
        ) from None
    return Metrics(host, port)
