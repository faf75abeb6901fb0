"""The databases that are known before any code of the project has run."""

from __future__ import annotations

from collections.abc import Iterator
from configparser import ConfigParser
from configparser import Error as ConfigParserError
from contextlib import suppress
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.config.settings import Settings
from driftcheck.databases.location import supported_url
from driftcheck.project.interception.urls import database_urls


def named_databases(settings: Settings) -> list[URL]:
    """Return the databases that are known before any code of the project has run.

    They are named by ``--database-url`` and in Alembic's configuration files.

    Raises:
        ConfigurationError: ``--database-url`` names no database that driftcheck supports.
    """
    named = [settings.root / text for text in (settings.config, settings.directory) if text]
    places = [settings.root, settings.root / "migrations", *named]
    files = [location / "alembic.ini" if location.is_dir() else location for location in places]
    urls = database_urls(text for file in files for text in _urls_in(file))
    if settings.database_url:
        urls.append(supported_url(settings.database_url, named=settings.named("database_url")))
    return urls


def _urls_in(file: Path) -> Iterator[str]:
    """Return the values of ``sqlalchemy.url`` in all sections of a configuration file."""
    parser = ConfigParser({"here": str(file.parent)}, strict=False)
    with suppress(ConfigParserError, OSError, UnicodeDecodeError):
        parser.read_string(file.read_text(encoding="utf-8"))
        for section in parser.sections():
            if parser.has_option(section, "sqlalchemy.url"):
                yield parser.get(section, "sqlalchemy.url")
