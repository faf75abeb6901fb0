"""What the story is told to: a terminal, or a test."""

from __future__ import annotations

from typing import Protocol


class Teller(Protocol):
    """Shows a story as it happens."""

    def step(self, title: str) -> None:
        """Begin the next step."""

    def say(self, text: str) -> None:
        """Tell something in the story's own words."""

    def typed(self, prompt: str, command: str) -> None:
        """Show a command as somebody types it, before it is run."""

    def output(self, text: str) -> None:
        """Show what a command has printed, or what a file holds."""
