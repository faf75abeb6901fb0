"""Writes progress and errors to stderr."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress

from driftcheck.cli.progress_display import in_lines, is_ci, on_terminal
from driftcheck.errors import DriftcheckError, OutputError
from driftcheck.pipeline.progress import Progress
from driftcheck.process import streams
from driftcheck.process.exception_text import exception_lines
from driftcheck.reports.visible import visible

_DETAIL_LINES = 20


def report_error(error: DriftcheckError) -> None:
    """Write an error to stderr: the message, the last lines of its details, and the hint."""
    lines = [f"driftcheck: {visible(error.message)}"]
    details = error.details.splitlines()
    if len(details) > _DETAIL_LINES:
        half = _DETAIL_LINES // 2
        details = [*details[:half], "…", *details[-half:]]
    lines += [f"  {visible(line.expandtabs(4))}" for line in details]
    lines += [visible(line) for line in error.hint.splitlines()]
    say("\n".join(lines))


def report_internal_error(error: BaseException) -> None:
    """Write an unexpected exception to stderr, as an error of driftcheck itself."""
    first, *_ = exception_lines(error)
    say(
        f"driftcheck: internal error: {visible(first)}\n"
        "The check was not completed. This is a bug in driftcheck. Run the same command with "
        "--debug, and report the output."
    )


def say(text: str) -> None:
    """Write a message to stderr. If stderr cannot be written, the message is lost."""
    with suppress(streams.ReaderGoneError, OutputError):
        streams.err().write(f"{text}\n")
        streams.err().flush()


@contextmanager
def progress(*, verbose: bool = False) -> Iterator[Progress]:
    """Show progress on stderr: on a terminal, or with ``--verbose`` in lines.

    In continuous integration, a terminal gets lines too.

    Args:
        verbose: Whether lines are written where no terminal is.

    Yields:
        The callback.

    Raises:
        ConfigurationError: A variable of the environment is not a number of seconds.
    """
    shown: AbstractContextManager[Progress]
    if streams.err().isatty() and not is_ci():
        shown = on_terminal()
    elif verbose:
        shown = in_lines()
    else:
        shown = nullcontext(lambda _: None)
    with shown as show:
        yield show
