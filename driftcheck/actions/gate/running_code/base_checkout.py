"""Writes the files of the base into a temporary directory, so that its code can be imported."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from driftcheck.actions.gate.repository import Commit, Repository
from driftcheck.config.settings import Settings
from driftcheck.errors import CannotCheckError

_CACHES = ("__pycache__",)


class BaseCheckout:
    """The files of the base in a directory.

    Args:
        repository: The repository.
        base: The commit of the base.
        directory: An empty directory.

    Attributes:
        directory: The directory.

    Raises:
        CannotCheckError: Git cannot read the commit, or the files cannot be written.
    """

    def __init__(self, repository: Repository, base: Commit, directory: Path) -> None:
        self.directory = directory
        self._repository = repository
        repository.check_out(base, directory)
        self._link_ignored_files()

    def settings(self, settings: Settings) -> Settings:
        """Return the settings of the project in the checkout.

        Raises:
            CannotCheckError: The project is not in the repository, or the base does not have it.
        """
        root = self._repository.relative_path(settings.root)
        if root is None or not (self.directory / root).is_dir():
            raise CannotCheckError(f"the base has no directory {root or settings.root}")
        return replace(
            settings,
            root=self.directory / root,
            config=self._replaced(settings.config),
            directory=self._replaced(settings.directory),
        )

    def _replaced(self, path: str | None) -> str | None:
        """Return an absolute path in the working tree as a path in the checkout."""
        if path is None or not Path(path).is_absolute():
            return path
        relative = self._repository.relative_path(Path(path))
        return path if relative is None else str(self.directory / relative)

    def _link_ignored_files(self) -> None:
        """Link what git ignores: generated modules, .env, local settings."""
        directory = self.directory.resolve()
        for path in self._repository.ignored():
            link = directory / path
            parent = link.parent.resolve()  # the base may have a symbolic link there
            if link.name in _CACHES or not (parent.is_dir() and parent.is_relative_to(directory)):
                continue
            with suppress(OSError):  # the base has a file there
                link.symlink_to(self._repository.root / path)
