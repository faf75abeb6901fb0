"""Writes progress and errors to stderr."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from driftcheck.errors import DriftcheckError, OutputError
from driftcheck.process import streams
from driftcheck.process.exception_text import exception_lines
from driftcheck.process.state import note_spinner
from driftcheck.reports.visible import visible

_DETAIL_LINES = 20
_DELAY_SECONDS = 1.0
_FRAMES_PER_SECOND = 12.5


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
def progress() -> Iterator[Callable[[str], None]]:
    """Show a spinner on stderr after one second, if stderr is a terminal.

    ``sys.stdout`` is not replaced: a thread draws the spinner while the project's code may be using
    its own streams.

    Yields:
        A function that shows a text beside the spinner.
    """
    if not streams.err().isatty():
        yield lambda _: None
        return
    stream = streams.progress_stream()
    from rich.console import Console  # noqa: PLC0415  (not needed for a pipe)
    from rich.live import Live  # noqa: PLC0415
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    unicode = "utf" in stream.encoding.lower()
    spinner = Spinner("dots" if unicode else "line", style="status.spinner")
    live = Live(
        spinner,
        console=Console(file=stream, width=streams.width_of(stream)),
        refresh_per_second=_FRAMES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )

    def start() -> None:
        note_spinner(shown=True)
        live.start()

    def show(activity: str) -> None:
        text = visible(f"{activity} {'…' if unicode else '...'}", stream.encoding)
        spinner.update(text=Text(text, no_wrap=True, overflow="ellipsis"))

    timer = threading.Timer(_DELAY_SECONDS, start)
    timer.daemon = True
    timer.start()
    try:
        yield show
    finally:
        timer.cancel()
        timer.join()
        live.stop()
        note_spinner(shown=not stream.is_kept)  # if not, the supervisor removes the spinner
