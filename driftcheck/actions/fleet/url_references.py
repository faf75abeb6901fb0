"""References to database URLs, so that passwords stay where a database is read.

A reference names an environment variable (``env:NAME``) or a file (``file:PATH``, or
``file:PATH#KEY`` for a key of a TOML file). A URL may be given instead. It stays in memory: reports
and files have its text without the password, and it is not sent to another machine.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.databases.location import shown, supported_url
from driftcheck.errors import ConfigurationError

_VARIABLE, _FILE = "env:", "file:"
FORMS = "env:NAME, file:PATH, file:PATH#KEY or a database URL"


@dataclass(frozen=True)
class UrlReference:
    """A reference to the URL of a database.

    Attributes:
        text: The reference, or the URL without its password.
        literal: The URL, if it was given itself.
    """

    text: str
    literal: str = field(default="", repr=False)

    @property
    def has_password(self) -> bool:
        """Whether the reference itself contains a password."""
        if not self.literal:
            return False
        url = self.resolve()
        return url.password is not None or any(key.endswith("password") for key in url.query)

    def resolve(self) -> URL:
        """Return the URL, in the process that connects.

        Raises:
            ConfigurationError: The variable or the file does not exist here, or has no URL.
        """
        if self.literal:
            return supported_url(self.literal, named="the URL")
        if self.text.startswith(_VARIABLE):
            return supported_url(_variable(self.text), named=self.text)
        return supported_url(_file(self.text), named=self.text)


def reference_of(text: str, *, named: str, directory: Path) -> UrlReference:
    """Return the reference for a text that the user gave.

    Args:
        text: A reference or a URL.
        named: Where the text was given, for messages.
        directory: The directory that relative paths start from.

    Raises:
        ConfigurationError: The text is neither. The message does not repeat it.
    """
    if text.startswith(_VARIABLE) and text != _VARIABLE:
        return UrlReference(text)
    if text.startswith(_FILE) and text != _FILE:
        path, hash_, key = text.removeprefix(_FILE).partition("#")
        return UrlReference(f"{_FILE}{directory / path}{hash_}{key}")
    if "://" not in text:
        raise ConfigurationError(
            f"{named} does not say where the URL of a database is", hint=f"Give it as {FORMS}."
        )
    return UrlReference(shown(supported_url(text, named=named)), text)


def _variable(reference: str) -> str:
    name = reference.removeprefix(_VARIABLE)
    text = os.environ.get(name, "").strip()
    if not text:
        raise ConfigurationError(
            f"the environment variable {name} is not set",
            hint="Set it to the URL of the database in the process that reads the database.",
        )
    return text


def _file(reference: str) -> str:
    path, hash_, key = reference.removeprefix(_FILE).partition("#")
    try:
        text = Path(path).read_text(encoding="utf-8")
        found = tomllib.loads(text).get(key) if hash_ else text
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not valid TOML"
        raise ConfigurationError(
            f"the file {path} cannot be read: {reason}",
            hint="It must exist on the machine that reads the database.",
        ) from None
    if not isinstance(found, str) or not found.strip():
        raise ConfigurationError(
            f"the file {path} has no URL" + f" for the key {key!r}" * bool(hash_),
            hint='Write the URL into the file, or the line KEY = "URL" for a reference with a key.',
        )
    return found.strip()
