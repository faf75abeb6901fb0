"""Shows the progress of a command on stderr: as one line of a terminal, or as a line now and then.

A thread writes while the project's code may be using its own streams, so ``sys.stdout`` and
``sys.stderr`` are not replaced.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.progress import Progress, Step
from driftcheck.process import streams
from driftcheck.process.state import note_spinner
from driftcheck.reports.visible import visible

if TYPE_CHECKING:
    from rich.console import RenderableType

DELAY = "DRIFTCHECK_PROGRESS_DELAY"
"""The environment variable that says after how many seconds a terminal shows progress."""
INTERVAL = "DRIFTCHECK_PROGRESS_INTERVAL"
"""The environment variable that says how many seconds there are between two lines."""
_DELAY_SECONDS = 2.0
_INTERVAL_SECONDS = 10.0
_FRAMES_PER_SECOND = 12.5
_BAR_COLUMNS = 16


class CurrentStep:
    """The step that a command has begun last. It is set in one thread and shown in another.

    Args:
        encoding: The encoding of the stream to which the step is written.
    """

    def __init__(self, encoding: str) -> None:
        self._encoding = encoding
        self._step, self._began = "", time.monotonic()

    def begin(self, step: str) -> None:
        """Set the step. The next part of the same step does not begin a new one."""
        if _name_of(step) != _name_of(self._step):
            self._began = time.monotonic()
        self._step = step

    @property
    def text(self) -> str:
        """The step, with invisible characters escaped."""
        return visible(self._step, self._encoding)

    @property
    def done_of_total(self) -> tuple[int, int] | None:
        """How many parts of the step are done, and how many there are; ``None`` if not known."""
        step = self._step
        return (step.done, step.total) if isinstance(step, Step) and step.total > 1 else None

    @property
    def seconds(self) -> int:
        """How many seconds ago the step began."""
        return int(time.monotonic() - self._began)


def _name_of(step: str) -> str:
    return step.name if isinstance(step, Step) else step


def duration(seconds: int) -> str:
    """Return a duration in words: ``34 s``, ``2 min 5 s``."""
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@contextmanager
def on_terminal() -> Iterator[Progress]:
    """Show the present step, a bar and the time on one line of the terminal, after a delay.

    The line is erased at the end.

    Yields:
        The callback.
    """
    delay = _seconds(DELAY, _DELAY_SECONDS)
    stream = streams.progress_stream()
    step = CurrentStep(stream.encoding)
    from rich.console import Console  # noqa: PLC0415  (not needed for a pipe)
    from rich.live import Live  # noqa: PLC0415

    live = Live(
        get_renderable=_line_of(step, stream.encoding),
        console=Console(file=stream, width=streams.width_of(stream)),
        refresh_per_second=_FRAMES_PER_SECOND,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )

    def start() -> None:
        note_spinner(shown=True)
        live.start(refresh=True)

    timer = threading.Timer(delay, start)
    timer.daemon = True
    timer.start()
    try:
        yield step.begin
    finally:
        timer.cancel()
        timer.join()
        live.stop()
        note_spinner(shown=not stream.is_kept)  # if not, the supervisor removes the spinner


def _line_of(step: CurrentStep, encoding: str) -> Callable[[], RenderableType]:
    """Return a function that makes the line: a spinner, the step, its bar, and its time."""
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.spinner import Spinner  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    spinner = Spinner("dots" if "utf" in encoding.lower() else "line", style="status.spinner")

    def line() -> RenderableType:
        cells: list[RenderableType] = [spinner, Text(step.text, overflow="ellipsis")]
        if (position := step.done_of_total) is not None:
            done, total = position
            cells.append(ProgressBar(total=total, completed=done, width=_BAR_COLUMNS))
        cells.append(duration(step.seconds))
        grid = Table.grid(padding=(0, 1))
        for cell in cells:
            grid.add_column(no_wrap=True, min_width=1 if isinstance(cell, Text) else None)
        grid.add_row(*cells)
        return grid

    return line


@contextmanager
def in_lines() -> Iterator[Progress]:
    """Write the present step and its time as a line, at regular intervals.

    Yields:
        The callback.
    """
    interval = _seconds(INTERVAL, _INTERVAL_SECONDS)
    stream = streams.progress_stream()
    step, ended = CurrentStep(stream.encoding), threading.Event()

    def write() -> None:
        while not ended.wait(interval):
            stream.write(f"{step.text}, {duration(step.seconds)}\n")

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    try:
        yield step.begin
    finally:
        ended.set()
        thread.join()


def is_ci(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether the command runs in continuous integration, where a terminal has no reader."""
    return environment.get("CI", "").lower() not in ("", "0", "false")


def _seconds(variable: str, default: float) -> float:
    """Return the value of an environment variable in seconds.

    Raises:
        ConfigurationError: It is not a positive number.
    """
    text = os.environ.get(variable, "")
    try:
        seconds = float(text) if text else default
    except ValueError:
        seconds = -1
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise ConfigurationError(
            f"{variable} is {text!r}, which is not a positive number of seconds",
            hint=f"Set it to a number such as {default:g}, or unset it.",
        )
    return seconds
