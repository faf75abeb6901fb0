"""What the HTML reports share: their templates, inline styles and scripts, and the encoding."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from driftcheck.process.masking import masked
from driftcheck.reports.visible import visible


@dataclass(frozen=True)
class Inline:
    """The text of a ``<style>`` or ``<script>`` element, and its source in the security policy.

    Attributes:
        text: The text. It is ASCII, because these elements cannot contain character references.
        source: The expression that allows this text, and no other.
    """

    text: Markup
    source: Markup


@cache
def inline(*names: str) -> Inline:
    """Join files of this package for an inline element.

    The source is a hash of the text: https://www.w3.org/TR/CSP3/#hash-source

    Args:
        names: The names of the files, relative to this package.
    """
    text = "".join(files("driftcheck.reports").joinpath(name).read_text("ascii") for name in names)
    digest = b64encode(sha256(text.encode("ascii")).digest()).decode("ascii")
    # No text of a database or of a project is in these files.
    return Inline(Markup(text), Markup(f"'sha256-{digest}'"))  # noqa: S704


@cache
def template(name: str) -> Template:
    """Return a template, by its name relative to this package. Every value in it is escaped."""
    environment = Environment(
        loader=PackageLoader("driftcheck.reports", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment.get_template(name)


def prose(text: str) -> Markup:
    """Escape a sentence of driftcheck, whose commands are between backticks.

    Passwords are masked here, because they are not recognized in a text that tags divide.
    """
    pieces = masked(text).split("`")
    if len(pieces) % 2 == 0:
        return escape("`".join(pieces))
    marked = (
        Markup("<code>{}</code>").format(piece) if number % 2 else escape(piece)
        for number, piece in enumerate(pieces)
    )
    return Markup("").join(marked)


def finished(page: str, encoding: str) -> str:
    """Return a page as it is written, with one newline at its end.

    Invisible characters are shown as escapes. Characters outside the encoding are written as
    references, which mean the same.
    """
    lines = (visible(line, keep="\t") for line in page.strip().split("\n"))
    text = "\n".join(lines) + "\n"
    try:
        return text.encode(encoding, errors="xmlcharrefreplace").decode(encoding)
    except LookupError:
        return text.encode("ascii", errors="xmlcharrefreplace").decode("ascii")
