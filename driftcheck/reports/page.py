"""Where a report will be read: how wide it is there, in colour or not, in which encoding."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Page:
    """What a form must know of the place where its text will be read.

    Attributes:
        width: In columns. Code, paths and URLs are never broken to fit it.
        colour: Whether terminal escapes for colour may be written.
        encoding: Of the stream; what it cannot carry is written otherwise.
        full: Whether all is told in full, however much it is.
        directory: The project's, within the repository that a form for CI names files in; empty
            where the project is the repository.
    """

    width: int = 80
    colour: bool = False
    encoding: str = "utf-8"
    full: bool = False
    directory: str = ""

    def path(self, file: str) -> str:
        """A file of the project as the repository knows it."""
        return (PurePosixPath(self.directory) / file).as_posix()


PLAIN = Page()
"""A pipe or a file."""
