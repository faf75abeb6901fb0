"""Masks passwords in all output of driftcheck.

Passwords are learned from every database URL that driftcheck reads, from the environment and from
password files. They are masked in plain form, percent-encoded, and with the escapes of Python,
JSON, XML and Markdown. Passwords in database URLs are masked even if they were not learned.

Masking every occurrence of every password would make reports unreadable. So:

- Some passwords are masked only where a password is expected: in a URL (``:PASSWORD@``) and in
  assignments (``password=PASSWORD``). These are passwords of fewer than four characters, names of
  users, databases and hosts, and words that are common in reports.
- A password that consists of fewer than eight letters is masked where it is a whole word.
- All other passwords are masked everywhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, unquote_plus

_MASK = "***"
_SHORTEST = 4
_SHORT_WORD = 8
_LONG = 24
"""In characters: a password of this length or longer may be wrapped over two lines."""
_LONGEST = 2048
"""In characters: longer strings are not treated as passwords."""

_COMMON_WORDS = frozenset(
    "column database default false host index localhost name none null password pass passwd "
    "postgres postgresql public schema table test true user username version".split()
)
# Lengths are limited, so that the time for a long text without a URL is linear in its length.
_URL = re.compile(r"(?<=\w)://([^\s:/@'\"]{0,256}):([^\s'\"]{0,2048})@([^\s:/@'\"?]{0,256})")
_URL_ALONE = re.compile(
    r"\s*[A-Za-z][\w+.-]*://([^:/@]*):([^@]*)@([^:/?]*)[^/]*(?:/([^?]*))?", re.DOTALL
)
_QUERY = re.compile(r"\?([^\s#'\"]+)")
_PASSWORD_KEY = re.compile(r"pass(?:word|wd)?\Z|\Apwd\Z", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:pass(?:word|wd)?|\bpwd)\s*=\s*(?:'((?:[^'\\]|\\.){0,2048})'|\"([^\"]{0,2048})\"|\{([^}]{0,2048})\}|([^\s;&'\"]{1,2048}))",
    re.IGNORECASE,
)
_PASSWORD_VARIABLE = re.compile(
    r"PASSWORD(?!_?(?:FILE|STORE|DIR|PATH))|(?<!ASK)PASS(?:WD|PHRASE)?\Z|_PWD\Z", re.IGNORECASE
)
_NAME_VARIABLE = re.compile(r"(?:USER|USERNAME|DB|DATABASE|HOST)\Z", re.IGNORECASE)
_DATABASE_URL = re.compile(
    r"\b((?:postgres(?:ql)?|mysql|mariadb|oracle|mssql|cockroachdb|redshift|snowflake)(?:\+\w+)?"
    r"://[^\s:/@'\"]{0,256}:)[^\s'\"]{0,2048}@",
    re.IGNORECASE,
)
_ENTITIES = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_PGPASS_FIELDS = 5

_secrets: set[str] = set()
_names: set[str] = set()
"""Names of users, databases and hosts, in lower case."""
_environment: dict[str, str] = {}
"""The environment variables when they were last read."""


def learn(password: object, *names: object) -> None:
    """Learn a password, and names that are not secret even if they are equal to the password.

    Args:
        password: The password as in a URL or as passed to a driver; ``None`` or empty for none.
        names: The names of the user, the database and the host.
    """
    _names.update(str(name).casefold() for name in names if name)
    text = password.decode(errors="replace") if isinstance(password, bytes) else str(password or "")
    if len(text) > _LONGEST:
        return
    for secret in {text, text.replace("%%", "%")}:  # ini files double each %
        _secrets.update(filter(None, (secret, unquote(secret), unquote_plus(secret))))


def learn_url(url: str) -> None:
    """Learn the passwords of a database URL: before the host and in the query string."""
    match = _URL_ALONE.match(url)
    if match is not None:
        user, password, host, database = match.groups()
        learn(password, user, unquote(user), host, database)
    learn_text(url)


def learn_text(text: str) -> None:
    """Learn the passwords in every URL and every ``password=…`` of a text."""
    for match in _URL.finditer(text):
        user, password, host = match.groups()
        learn(password, user, unquote(user), host)
        for piece in password.split("@") if "@" in password else ():
            learn(piece)
    for match in _QUERY.finditer(text):
        for key, value in parse_qsl(match[1]):
            if _PASSWORD_KEY.search(key):
                learn(value)
            elif key == "passfile":
                learn_password_file(Path(value))
            elif "=" in value:  # odbc_connect: a complete connection string
                _learn_assigned(value)
    _learn_assigned(text)


def _learn_assigned(text: str) -> None:
    for match in _ASSIGNED.finditer(text):
        learn(next(filter(None, match.groups()), ""))


def learn_password_file(path: Path) -> None:
    """Learn the passwords in a file of libpq's format: ``host:port:database:user:password``."""
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = re.split(r"(?<!\\):", line, maxsplit=_PGPASS_FIELDS - 1)
            if len(fields) == _PGPASS_FIELDS and not line.startswith("#"):
                host, _, database, user, password = (re.sub(r"\\(.)", r"\1", f) for f in fields)
                learn(password, host, database, user)


def learn_environment() -> None:
    """Learn the passwords in environment variables that have changed since the last call."""
    changed = dict(os.environ.items() - _environment.items())
    _environment.update(changed)
    learn_settings(changed)
    if "PGPASSFILE" in changed:
        learn_password_file(Path(changed["PGPASSFILE"]))


def learn_settings(settings: Mapping[Any, object]) -> None:
    """Learn the passwords in settings: in URLs, and the values of keys such as PASSWORD."""
    for name, value in settings.items():
        if isinstance(value, Mapping):
            learn_settings(value)
        elif isinstance(value, (str, bytes)):
            text = value if isinstance(value, str) else value.decode(errors="replace")
            if _PASSWORD_VARIABLE.search(str(name)):
                learn(text)
            elif _NAME_VARIABLE.search(str(name)):
                learn(None, text)
            if "://" in text:
                learn_url(text)
            elif "=" in text:
                _learn_assigned(text)


def masked(text: str) -> str:
    """Return a text with the learned passwords and the passwords of database URLs masked."""
    learn_environment()
    if "://" in text:
        text = _DATABASE_URL.sub(rf"\1{_MASK}@", text)
    for secret in sorted(_secrets, key=len, reverse=True):
        if secret.casefold() in _names | _COMMON_WORDS or len(secret) < _SHORTEST:
            text = _in_password_positions(secret).sub(rf"\1{_MASK}", text)
        elif any(part in text for part in _unencoded_parts(secret)):
            text = _anywhere(secret).sub(_replaced, text)
    return text


def _replaced(match: re.Match[str]) -> str:
    r"""Return the mask, but keep a match that starts in an escape, as ``nice`` in ``\nice``."""
    at = match.start()
    while at and match.string[at - 1] == "\\":
        at -= 1
    is_escape = (match.start() - at) % 2 and match[0][0] in "abfnrtuvxU"
    return match[0] if is_escape else _MASK


@lru_cache(maxsize=256)
def _in_password_positions(secret: str) -> re.Pattern[str]:
    pattern = _pattern_of(secret)
    return re.compile(
        rf"((?:://|%3A%2F%2F)[^\s:/@]*?(?::|%3A)|pass(?:word|wd)?[\"']?\s*[=:]\s*[\"']?)"
        rf"{pattern}(?=@|%40|[\"'\s,;&)}}]|\Z)",
        re.IGNORECASE,
    )


@lru_cache(maxsize=256)
def _anywhere(secret: str) -> re.Pattern[str]:
    pattern = _pattern_of(secret)
    if len(secret) < _SHORT_WORD and secret.isascii() and secret.isalpha():
        # A word may also follow an escape sequence of a URL, of Python and JSON, or of a terminal.
        begins = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[abfnrtv])|(?<=[0-9;\[]m))"
        pattern = rf"{begins}{pattern}(?!\w)"
    return re.compile(pattern)


def _pattern_of(secret: str) -> str:
    """Return a regular expression for a secret in all encodings."""
    between = r"(?:\s*\n\s*)?" if len(secret) >= _LONG else ""
    return between.join(map(_character_pattern, secret))


def _character_pattern(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return rf"(?:{'|'.join(_character_encodings(character))})"


def _character_encodings(character: str) -> Iterator[str]:
    number, encoded = ord(character), character.encode(errors="surrogatepass")
    yield "".join(rf"%+(?:25)?(?i:{byte:02x})" for byte in encoded)
    yield rf"\\+(?i:u{number:04x}|x{number:02x}|U{number:08x})"
    yield "".join(rf"\\+(?i:x{byte:02x})" for byte in encoded)
    yield rf"&\#(?:{number}|(?i:x0*{number:x}));"
    if character in _ENTITIES:
        yield f"&{_ENTITIES[character]};"
    yield rf"\\*{re.escape(character)}"  # after alternatives that begin with the same character
    if number > 0xFFFF:  # noqa: PLR2004  (JSON uses a surrogate pair)
        pair = character.encode("utf-16-be")
        yield "".join(rf"\\+(?i:u{pair[i : i + 2].hex()})" for i in (0, 2))
    if character.isspace():
        yield r"\s+"
        yield r"\+"
    if character in "\n\r\t":
        yield rf"\\+{repr(character)[2]}"


@lru_cache(maxsize=256)
def _unencoded_parts(secret: str) -> tuple[str, ...]:
    """Return parts that no encoding changes. A text without them does not contain the secret.

    A long secret has two parts, because a line break may be inserted in one of them.
    """
    longest = max(re.findall(r"[A-Za-z0-9]+", secret), key=len, default="")
    half = len(longest) // 2
    return (longest[:half], longest[half:]) if len(secret) >= _LONG else (longest,)
