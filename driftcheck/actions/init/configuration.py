"""Finds the settings of a project that driftcheck cannot detect, for ``[tool.driftcheck]``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from driftcheck.config.pyproject_file import PyprojectFile
from driftcheck.config.settings import Settings

_WRITTEN = ("app", "config", "name", "directory", "x", "bootstrap", "base_snapshot")
"""The settings that name the project and the beginning of its history. The URL of a database is
never written, because it may have a password."""


def undetected_settings(settings: Settings) -> dict[str, Any]:
    """Return the settings of the command line, and the app in ``FLASK_APP``, by their keys."""
    given = {key: getattr(settings, key) for key in _WRITTEN if key not in settings.sources}
    found = {
        key.replace("_", "-"): _plain(value, settings.root) for key, value in given.items() if value
    }
    named = any((settings.app, settings.config, settings.directory))
    app = os.environ.get("FLASK_APP")
    if app and not named:
        found["app"] = app
    return found


def with_settings(text: str, path: Path, found: dict[str, Any]) -> str:
    """Return the text of ``pyproject.toml`` with settings.

    Args:
        text: The text of the file; empty if there is no file.
        path: The file, for messages.
        found: The settings, by their keys in the file.

    Raises:
        ConfigurationError: The file is not valid.
    """
    if not found:
        return text
    file = PyprojectFile(text, path)
    section = file.section()
    if all(section.get(key) == value for key, value in found.items()):
        return text
    for key, value in found.items():
        section[key] = value
    return file.text()


def _plain(value: Any, root: Path) -> Any:
    if isinstance(value, tuple):
        return [*value]
    if isinstance(value, Path):
        return value.relative_to(root).as_posix() if value.is_relative_to(root) else str(value)
    if isinstance(value, str):
        return value
    return value.what + f"@{value.revision}" * bool(value.revision)
