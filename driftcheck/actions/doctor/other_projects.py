"""Finds histories and projects besides the one that driftcheck would check."""

from __future__ import annotations

import os
from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import suppress
from pathlib import Path

from driftcheck.config.settings import Settings

_KEY = "script_location"
_DEPTHS = ("*/", "*/*/")


def other_histories(settings: Settings, directory: Path) -> list[str]:
    """Return where other histories of the directory are; none if the settings name the project.

    Args:
        settings: The settings.
        directory: The script directory of the project.
    """
    named = settings.config, settings.app, settings.directory, settings.name
    if any(named) or os.environ.get("ALEMBIC_CONFIG"):
        return []
    found = {text for place, text in _histories(settings.root) if not _is_same(place, directory)}
    return sorted(found)


def projects_below(root: Path) -> str:
    """Return a sentence about projects in directories below, with a space; empty if none is."""
    files = [path for depth in _DEPTHS for path in sorted(root.glob(f"{depth}alembic.ini"))]
    own = [path for path in files if "site-packages" not in path.parts]
    if not own:
        return ""
    path = own[0].relative_to(root)
    if path.parent.name == "migrations":
        if path.parent.parent == Path():
            return "migrations is a Flask-Migrate directory. "
        place = path.parent.parent.as_posix()
        return f"A Flask-Migrate directory is below {place}: run driftcheck in {place}. "
    return f"There is {path.as_posix()}: run driftcheck in {path.parent.as_posix()}. "


def _histories(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield each script directory that the project's files name, and how."""
    parser = ConfigParser({"here": str(root)}, strict=False)
    with suppress(ConfigParserError, OSError, UnicodeDecodeError):
        parser.read_string((root / "alembic.ini").read_text(encoding="utf-8"))
    for section in parser.sections():
        with suppress(ConfigParserError):
            if parser.has_option(section, _KEY):
                text = f"section [{section}] of alembic.ini"
                yield root / parser.get(section, _KEY), text
    migrations = root / "migrations"
    if (migrations / "env.py").is_file() and (migrations / "alembic.ini").is_file():
        yield migrations, "migrations, of Flask-Migrate"


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()
