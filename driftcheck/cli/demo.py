"""``driftcheck demo``: runs the tutorial's failure and its fix on a private PostgreSQL server."""

from __future__ import annotations

import os
import textwrap

import click

from driftcheck.process import streams

_WIDTH = 80


@click.command()
def demo() -> None:
    """Run the tutorial's failure and its fix.

    A developer drops a column outside the migrations. A migration that is written afterwards
    fails on a colleague's database. The demo runs on throwaway databases in less than half a
    minute. It needs a PostgreSQL installation that it can start, for example the embedded one:
    pip install 'driftcheck[embedded]'.

    \b
    Example:
      driftcheck demo
    """
    # Imported here because other commands do not need it.
    from driftcheck.demo import run_demo  # noqa: PLC0415

    run_demo(_Terminal())


class _Terminal:
    """Shows the demo on stdout; in colour if stdout is a terminal and NO_COLOR is not set."""

    def __init__(self) -> None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self._colour = False if plain else None  # None: click decides
        self._steps = 0
        self._after_command = False

    def step(self, title: str) -> None:
        self._steps += 1
        heading = f"=== {self._steps}. {title} ".ljust(_WIDTH, "=")
        self._block(f"\n{click.style(heading, bold=True)}")

    def explain(self, text: str) -> None:
        self._block(textwrap.fill(text, _WIDTH))

    def command(self, prompt: str, command: str) -> None:
        line = _wrapped(f"{prompt} {command}").removeprefix(prompt)
        self._block(click.style(prompt, dim=True) + click.style(line, fg="cyan"))
        self._after_command = True

    def output(self, text: str) -> None:
        lines = "\n".join(map(_wrapped, text.splitlines()))
        if self._after_command and lines:
            self._write(lines)
        elif lines:
            self._block(lines)

    def _block(self, text: str) -> None:
        """Write a block after an empty line."""
        self._write(f"\n{text}")
        self._after_command = False

    def _write(self, text: str) -> None:
        click.echo(text, file=streams.out(), color=self._colour)


def _wrapped(line: str) -> str:
    """A line, wrapped to the width; continuation lines are indented."""
    if len(line) <= _WIDTH:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False)
