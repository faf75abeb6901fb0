"""The output of the demo: a terminal, or a test."""

from __future__ import annotations

from typing import Protocol


class Presenter(Protocol):
    """Shows the demo while it runs."""

    def step(self, title: str) -> None:
        """Start the next step."""

    def explain(self, text: str) -> None:
        """Show an explanation."""

    def command(self, prompt: str, command: str) -> None:
        """Show a command before it is run."""

    def output(self, text: str) -> None:
        """Show the output of a command, or a part of a file."""
