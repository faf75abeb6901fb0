"""Where revisions are taken from that the working tree has otherwise or not at all: from copies."""

from __future__ import annotations

import shutil
from pathlib import Path

from driftcheck.actions.gate.merge import Merge, write_out
from driftcheck.project.loading import Project
from driftcheck.sources.files import relative
from driftcheck.sources.replay import Made


class Places:
    """Version locations, some of them copies.

    Args:
        merge: The virtual merge.
        project: The project.
        directory: An empty directory for the copies.
    """

    def __init__(self, merge: Merge, project: Project, directory: Path) -> None:
        self._merge = merge
        self._project = project
        self._base = directory / "base"
        self._ahead = directory / "ahead"

    def of_base(self) -> list[Path]:
        """Those with the base's revisions; none, where the working tree has them as they are."""
        if not self._merge.rebuilds_base:
            return []
        places = self._merge.theirs.places
        # The whole directory: a revision may read a file beside it.
        write_out(self._merge, [Path(self._project.script_directory().dir), *places], self._base)
        names = (self._merge.repository.path_of(place) for place in places)
        return [*(self._base / name for name in names if name), *self._merge.outside]

    def of_merge(self) -> list[Path]:
        """Those with what a merge would hold; none, where the working tree has it all."""
        copies = []
        for one in self._merge.ahead.values():
            copy = self._ahead / one.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._base / one.path, copy)
            copies.append(copy.parent)
        if not copies:
            return []
        return [*self._merge.ours.places, *self._merge.outside, *dict.fromkeys(copies)]

    def told(self, made: Made) -> str:
        """File and line for people: a copy is told as what it is a copy of."""
        file = Path(made.file)
        for copies in (self._base, self._ahead):
            if file.is_relative_to(copies):
                file = self._merge.repository.root / file.relative_to(copies)
        shown = relative(file, self._project.root) if file.is_absolute() else made.file
        return shown if made.line is None else f"{shown}, line {made.line}"
