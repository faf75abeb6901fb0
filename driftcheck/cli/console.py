"""What goes to the terminal besides the report: progress and errors, on stderr."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from driftcheck.errors import DriftcheckError
from driftcheck.reports.visible import visible

_DETAIL_LINES = 12


def tell_error(error: DriftcheckError) -> None:
    """Say what happened, to what, and what to do next, in one screen."""
    lines = [f"driftcheck: {visible(error.message)}"]
    details = error.details.splitlines()
    if len(details) > _DETAIL_LINES:
        details = ["…", *details[-_DETAIL_LINES:]]
    lines += [f"  {visible(line.expandtabs(4))}" for line in details]
    lines += [visible(line) for line in error.hint.splitlines()]
    sys.stderr.write("\n".join(lines) + "\n")


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Show on a terminal's stderr what is being done, once it takes longer than a second."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415  (a pipe does without)
    from rich.status import Status  # noqa: PLC0415

    # A copy of the descriptor: user code's own output is captured by redirecting the original.
    with os.fdopen(os.dup(sys.stderr.fileno()), "w", encoding="utf-8") as stream:
        status = Status("", console=Console(file=stream))
        timer = threading.Timer(1.0, status.start)
        timer.start()
        try:
            yield lambda doing: status.update(f"{doing} …")
        finally:
            timer.cancel()
            timer.join()
            status.stop()
