"""Describes where a report is read: the width, colour support and encoding of the output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class OutputStyle:
    """The properties of the output that a format adapts to.

    Attributes:
        width: The width in columns. Code, paths and URLs are never wrapped.
        colour: Whether escape sequences for colour may be written.
        encoding: The encoding of the stream. Characters outside the encoding are escaped.
        full: Whether to show everything in full, and additional information.
        terminal: Whether a person reads it in a terminal, where a long report is shortened.
        directory: The path of the project within its repository, for formats that name files
            relative to the repository; empty if the project is the repository.
    """

    width: int = 80
    colour: bool = False
    encoding: str = "utf-8"
    full: bool = False
    terminal: bool = False
    directory: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing may be left out, however long the report is."""
        return self.full or not self.terminal

    def path(self, file: str) -> str:
        """Return the path, relative to the repository, of a file of the project."""
        return (PurePosixPath(self.directory) / file).as_posix()


PLAIN = OutputStyle()
"""The style of a pipe or a file."""
