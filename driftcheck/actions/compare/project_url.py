"""The URL of the project's own database, for a quick check without the project's code.

The cache holds the URL without its password, and where the password was found: in which environment
variable or file, and at which position. It is read there again, if all inputs are unchanged.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from driftcheck.databases.postgresql.libpq import libpq_url
from driftcheck.process.masking import learn
from driftcheck.project.inputs import Inputs, inputs_of

if TYPE_CHECKING:  # importing SQLAlchemy takes longer than a quick check
    from sqlalchemy.engine import URL

    from driftcheck.project.recording import Recorded

_IN_URL = re.compile(r"://[^\s:/@'\"]*:([^\s@'\"]*)@")
_FORMS: Mapping[str, Callable[[str], str]] = {
    "plain": str,
    "of a URL": unquote,
    "of a URL in an ini file": lambda text: unquote(text.replace("%%", "%")),
}
"""How a password is written, and how it is decoded."""


@dataclass(frozen=True)
class PasswordPlace:
    """Where a password is.

    Attributes:
        kind: ``variable`` or ``file``.
        name: The name of the environment variable, or the path of the file.
        start: The position of its first character.
        end: The position after its last character.
        form: A key of ``_FORMS``.
    """

    kind: str
    name: str
    start: int
    end: int
    form: str

    def password(self) -> str:
        """Return the password that is there now.

        Raises:
            OSError: The file cannot be read.
            UnicodeDecodeError: It is not UTF-8.
        """
        is_file = self.kind == "file"
        text = _text(self.name) if is_file else os.environ.get(self.name, "")
        return _FORMS[self.form](text[self.start : self.end])


@dataclass(frozen=True)
class ProjectURL:
    """The URL of the project's own database.

    Attributes:
        url: The URL for libpq, without the password.
        place: Where the password is; ``None`` without one.
        inputs: What the project's code has read until it named the database.
    """

    url: str
    place: PasswordPlace | None
    inputs: Inputs | None

    def password(self) -> str | None:
        """Return the password, or ``""`` without one; ``None`` if the URL may have changed."""
        if self.inputs is None or self.inputs.unchanged() is None:
            return None
        if self.place is None:
            return ""
        try:
            password = self.place.password()
        except (OSError, UnicodeDecodeError):
            return None
        learn(password)
        return password


def project_url_of(data: Mapping[str, Any]) -> ProjectURL:
    """Return the URL of which ``data`` is the JSON form."""
    place = data["place"]
    return ProjectURL(
        data["url"],
        PasswordPlace(**place) if place else None,
        inputs_of(data["inputs"]),
    )


def project_url(target: URL, reads: Recorded) -> ProjectURL | None:
    """Return the URL of the project's database as the cache holds it.

    Args:
        target: The URL with which the project has asked for its database.
        reads: What the project's code has read until then.

    Returns:
        ``None`` if the inputs cannot be read again, if the password is in none of them, or if the
        URL is not one for libpq.
    """
    without_password = target._replace(password=None)  # set() would keep the password
    url = libpq_url(without_password.render_as_string(hide_password=False))
    inputs = reads.inputs()
    if url is None or inputs is None or "sslpassword" in target.query:
        return None
    if not target.password:
        return ProjectURL(url, None, inputs)
    place = next(_places(target.password, reads), None)
    return None if place is None else ProjectURL(url, place, inputs)


def _places(password: str, reads: Recorded) -> Iterator[PasswordPlace]:
    """Yield the places of a password in the inputs."""
    for name in reads.variables:
        for position in _positions(password, reads.environment[name]):
            yield PasswordPlace("variable", name, *position)
    for path in reads.files:
        with suppress(OSError, UnicodeDecodeError):
            for position in _positions(password, _text(path)):
                yield PasswordPlace("file", path, *position)


def _positions(password: str, text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the positions of a password in a text, and its form."""
    for match in _IN_URL.finditer(text):
        for form, decode in _FORMS.items():
            if decode(match[1]) == password:
                yield *match.span(1), form
    if (start := text.find(password)) >= 0:
        yield start, start + len(password), "plain"


def _text(path: str) -> str:
    """Return the text of a file. The ends of its lines are not converted."""
    return Path(path).read_bytes().decode()
