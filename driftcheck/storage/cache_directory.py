"""Where driftcheck keeps what it can make again: the user's cache directory."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from driftcheck.errors import ConfigurationError

VARIABLE = "DRIFTCHECK_CACHE_DIR"
"""The environment variable that names another directory."""


def cache_directory() -> Path:
    """The directory; made if need be, and then closed to all but its user.

    Raises:
        ConfigurationError: It cannot be made.
    """
    try:
        directory = _location()
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except (OSError, RuntimeError) as error:  # RuntimeError: the user has no home
        raise ConfigurationError(
            f"there is no cache directory: {error}", hint=f"Name one with {VARIABLE}."
        ) from None
    return directory


def _location() -> Path:
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen).absolute()
    # XDG asks for a relative path to be ignored.
    if (xdg := os.environ.get("XDG_CACHE_HOME")) and Path(xdg).is_absolute():
        return Path(xdg) / "driftcheck"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "driftcheck"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
        return Path(local) / "driftcheck" / "Cache"
    return Path.home() / ".cache" / "driftcheck"


def write_private(path: Path, text: str) -> None:
    """Write a file that its user alone may read: whole or not at all, whoever writes beside.

    Raises:
        OSError: It cannot be written.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    Path(name).replace(path)
