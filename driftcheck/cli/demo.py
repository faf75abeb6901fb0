"""``driftcheck demo``: the tutorial's story from start to end, on a PostgreSQL of its own."""

from __future__ import annotations

import os
import textwrap

import click

from driftcheck.process import streams

_WIDTH = 80


@click.command()
def demo() -> None:
    """Play what driftcheck is for, on throwaway databases.

    A column is dropped by hand, and a migration written afterwards breaks on a colleague's
    database. Takes less than half a minute and touches nothing of yours. Needs a PostgreSQL
    server that it can start: pip install 'driftcheck[embedded]', or one installed here.
    """
    # Not at the top: the other commands do without.
    from driftcheck.demo import play  # noqa: PLC0415

    play(_Terminal())


class _Terminal:
    """Tells the story on stdout, in colour where that is a terminal which wants it."""

    def __init__(self) -> None:
        plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
        self._colour = False if plain else None  # None: where stdout is a terminal
        self._steps = 0
        self._after_command = False

    def step(self, title: str) -> None:
        self._steps += 1
        heading = f"=== {self._steps}. {title} ".ljust(_WIDTH, "=")
        self._block(f"\n{click.style(heading, bold=True)}")

    def say(self, text: str) -> None:
        self._block(textwrap.fill(text, _WIDTH))

    def typed(self, prompt: str, command: str) -> None:
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
        """Write something that is set off from what was before it."""
        self._write(f"\n{text}")
        self._after_command = False

    def _write(self, text: str) -> None:
        click.echo(text, file=streams.out(), color=self._colour)


def _wrapped(line: str) -> str:
    """A line that fits; what is moved to the next one is moved in."""
    if len(line) <= _WIDTH:
        return line
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    return textwrap.fill(line, _WIDTH, subsequent_indent=indent, break_long_words=False)
