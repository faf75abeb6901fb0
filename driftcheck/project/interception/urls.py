"""Finds database URLs in environment variables, and replaces their hosts by an invalid host."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote_plus

from sqlalchemy.engine import URL, make_url

from driftcheck.databases.location import with_hosts_in_query
from driftcheck.databases.postgresql.urls import url_of_connection_string
from driftcheck.databases.registry import database_for
from driftcheck.dialects import ALIASES, DIALECTS

NOWHERE = "refused-by-driftcheck"
"""A host that does not exist. The errors of drivers show it, and so name driftcheck."""

_SCHEMES = {**{name: name for name in DIALECTS}, **ALIASES}
_URL = re.compile(rf"(?:[\w.]+\+)?(?:{'|'.join(_SCHEMES)})(?:\+\w+)?://\S*", re.IGNORECASE)
_PARAMETERS = re.compile(r"(?=.*\b(?:dbname|service)\s*=)(?:\s*\w+\s*=\s*(?:'[^']*'|[^\s']+))+\s*")


def database_urls(texts: Iterable[str]) -> list[URL]:
    """Return the database URLs among texts. A text may be libpq's ``host=... dbname=...``."""
    found = (_parsed(_bare(text)) for text in texts)
    return [url for url in found if url is not None]


def without_database(text: str) -> str:
    """Return a database URL of the same syntax for a server that does not exist.

    A text that is not a database URL is returned unchanged.
    """
    url = _parsed(_bare(text))
    if url is None:
        return text
    if _PARAMETERS.fullmatch(_bare(text)):
        return f"host={NOWHERE}.invalid dbname={url.database or ''}"
    scheme = _bare(text).partition("://")[0]
    if database_for(url.get_backend_name()).is_file:
        return f"{scheme}:////{NOWHERE}/{NOWHERE}.db"
    user = f"{quote_plus(url.username)}@" if url.username else ""
    return f"{scheme}://{user}{NOWHERE}.invalid/{url.database or ''}"


def _bare(text: str) -> str:
    """Return a text without quotes around it, as in ``.env`` files."""
    text = text.strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if is_quoted else text


def _parsed(text: str) -> URL | None:
    if _PARAMETERS.fullmatch(text):
        return _parsed_parameters(text)
    if not _URL.fullmatch(text):
        return None
    scheme, _, rest = text.partition("://")
    names = scheme.lower().replace("postgres+", "postgresql+").split("+")
    dialect = next(_SCHEMES[name] for name in names if name in _SCHEMES)
    with suppress(Exception):  # SQLAlchemy raises several kinds of errors at a malformed URL
        return make_url(with_hosts_in_query(f"{dialect}://{rest}"))
    return None


def _parsed_parameters(text: str) -> URL | None:
    with suppress(Exception):  # psycopg2's own errors
        return url_of_connection_string(text)
    return None
