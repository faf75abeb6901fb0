"""Version locations with the revision files that the working tree lacks or has changed."""

from __future__ import annotations

import shutil
from pathlib import Path

from driftcheck.actions.gate.merge import Merge, export_base_files
from driftcheck.project.environment import LoadedProject
from driftcheck.sources.files import relative
from driftcheck.sources.object_sources import MigrationSource


class VersionLocations:
    """Version locations, some of them copies in a temporary directory.

    Args:
        merge: The virtual merge.
        loaded: The project.
        directory: An empty directory for the copies.
    """

    def __init__(self, merge: Merge, loaded: LoadedProject, directory: Path) -> None:
        self._merge = merge
        self._loaded = loaded
        self._base = directory / "base"
        self._only_in_base = directory / "ahead"

    def of_base(self) -> list[Path]:
        """The locations of the base's revisions; empty if the working tree has the same files."""
        if not self._merge.base_has_other_files:
            return []
        locations = self._merge.theirs.locations
        # Export the whole script directory: a revision may read a file beside it.
        script_directory = Path(self._loaded.script.dir)
        export_base_files(self._merge, [script_directory, *locations], self._base)
        paths = (self._merge.repository.relative_path(location) for location in locations)
        return [*(self._base / path for path in paths if path), *self._merge.external_locations]

    def of_merge(self) -> list[Path]:
        """The locations of the merged revisions; empty if the working tree has all of them."""
        directories = []
        for revision in self._merge.only_in_base.values():
            copy = self._only_in_base / revision.path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(self._base / revision.path, copy)
            directories.append(copy.parent)
        if not directories:
            return []
        return [
            *self._merge.ours.locations,
            *self._merge.external_locations,
            *dict.fromkeys(directories),
        ]

    def displayed(self, source: MigrationSource) -> str:
        """File and line for a message; for a copy, the path of the original file."""
        file = Path(source.file)
        for copies in (self._base, self._only_in_base):
            if file.is_relative_to(copies):
                file = self._merge.repository.root / file.relative_to(copies)
        path = relative(file, self._loaded.root) if file.is_absolute() else source.file
        return path if source.line is None else f"{path}, line {source.line}"
