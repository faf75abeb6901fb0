"""What goes to the terminal besides the report: progress and errors, on stderr."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from driftcheck.errors import DriftcheckError, OutputError
from driftcheck.process import streams
from driftcheck.process.state import note_spinner
from driftcheck.reports.visible import visible

_DETAIL_LINES = 12
_SHOWN_AFTER_SECONDS = 1.0
_PER_SECOND = 12.5


def tell_error(error: DriftcheckError) -> None:
    """Say what happened, to what, and what to do next, in one screen."""
    lines = [f"driftcheck: {visible(error.message)}"]
    details = error.details.splitlines()
    if len(details) > _DETAIL_LINES:
        details = ["…", *details[-_DETAIL_LINES:]]
    lines += [f"  {visible(line.expandtabs(4))}" for line in details]
    lines += [visible(line) for line in error.hint.splitlines()]
    say("\n".join(lines))


def tell_fault(error: BaseException) -> None:
    """Say that driftcheck itself has failed, by an exception that nobody has caught."""
    first, *_ = [*str(error).splitlines(), ""]
    what = f"{type(error).__name__}: {first}" if first else type(error).__name__
    say(
        f"driftcheck: internal error: {visible(what)}\n"
        "Nothing was found out. This is a fault of driftcheck: run the same command with --debug, "
        "and report what it prints."
    )


def say(text: str) -> None:
    """Write a message to stderr; where that cannot be written, the exit code must do."""
    with suppress(streams.ReaderGoneError, OutputError):
        streams.err().write(f"{text}\n")
        streams.err().flush()


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on a terminal's stderr what is being done, once it takes longer than a second.

    Nothing here sets ``sys.stdout``: it is shown from a thread, while the project's code has
    streams of its own there.
    """
    if not streams.err().isatty():
        yield lambda _: None
        return
    stream = streams.progress_stream()
    from rich.console import Console  # noqa: PLC0415  (a pipe does without)
    from rich.live import Live  # noqa: PLC0415
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    unicode = "utf" in stream.encoding.lower()
    spinner = Spinner("dots" if unicode else "line", style="status.spinner")
    live = Live(
        spinner,
        console=Console(file=stream, width=streams.width_of(stream)),
        refresh_per_second=_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )

    def start() -> None:
        note_spinner(shown=True)
        live.start()

    def tell(doing: str) -> None:
        text = visible(f"{doing} {'…' if unicode else '...'}", stream.encoding)
        spinner.update(text=Text(text, no_wrap=True, overflow="ellipsis"))

    timer = threading.Timer(_SHOWN_AFTER_SECONDS, start)
    timer.daemon = True
    timer.start()
    try:
        yield tell
    finally:
        timer.cancel()
        timer.join()
        live.stop()
        note_spinner(shown=not stream.is_kept)  # the supervisor removes what is left
