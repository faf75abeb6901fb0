"""Takes passwords out of what driftcheck writes.

Passwords are learned from wherever driftcheck meets a database URL, from the environment and from
password files, and are masked as they stand, percent-encoded, and escaped as Python, JSON, XML and
Markdown escape them. URLs of databases are masked whoever has written them.

Not every password can be masked wherever its letters stand, or reports would become unreadable:

- A password of fewer than four characters, one that is also the name of a user, a database or a
  host, and one that is an ordinary word of reports, is masked only where a password stands: in a
  URL (``:PASSWORD@``) and in assignments (``password=PASSWORD``).
- One that consists of fewer than eight letters and nothing else is masked where it is a word.
- Any other is masked everywhere.
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
"""In characters: a password from there on may be broken over two lines."""
_LONGEST = 2048
"""In characters: nothing longer is taken for a password."""

_ORDINARY = frozenset(
    "column database default false host index localhost name none null password pass passwd "
    "postgres postgresql public schema table test true user username version".split()
)
# Lengths are limited, so that a long text without a URL takes no longer than its length.
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
"""The environment variables as they were when they were last looked at."""


def learn(password: object, *names: object) -> None:
    """Learn a password, and names that are no secret even where they equal it.

    Args:
        password: As it stands in a URL or as a driver takes it; ``None`` and empty are none.
        names: Of the user, the database, the host.
    """
    _names.update(str(name).casefold() for name in names if name)
    text = password.decode(errors="replace") if isinstance(password, bytes) else str(password or "")
    if len(text) > _LONGEST:
        return
    for one in {text, text.replace("%%", "%")}:  # as an ini file has it
        _secrets.update(filter(None, (one, unquote(one), unquote_plus(one))))


def learn_url(url: str) -> None:
    """Learn the passwords of one database URL: before its host and in its query."""
    match = _URL_ALONE.match(url)
    if match is not None:
        user, password, host, database = match.groups()
        learn(password, user, unquote(user), host, database)
    learn_text(url)


def learn_text(text: str) -> None:
    """Learn the passwords of every URL and every ``password=…`` in a text."""
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
            elif "=" in value:  # odbc_connect, a whole connection string
                _learn_assigned(value)
    _learn_assigned(text)


def _learn_assigned(text: str) -> None:
    for match in _ASSIGNED.finditer(text):
        learn(next(filter(None, match.groups()), ""))


def learn_password_file(path: Path) -> None:
    """Learn the passwords of a file of libpq's format: ``host:port:database:user:password``."""
    with suppress(OSError, ValueError):
        for line in path.read_text(encoding="utf-8").splitlines():
            fields = re.split(r"(?<!\\):", line, maxsplit=_PGPASS_FIELDS - 1)
            if len(fields) == _PGPASS_FIELDS and not line.startswith("#"):
                host, _, database, user, password = (re.sub(r"\\(.)", r"\1", f) for f in fields)
                learn(password, host, database, user)


def learn_environment() -> None:
    """Learn the passwords of the environment variables; the project's code may set some."""
    changed = dict(os.environ.items() - _environment.items())
    _environment.update(changed)
    learn_settings(changed)
    if "PGPASSFILE" in changed:
        learn_password_file(Path(changed["PGPASSFILE"]))


def learn_settings(settings: Mapping[Any, object]) -> None:
    """Learn the passwords of settings: of URLs, and of what is called a password."""
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
    """A text without the passwords that are known, and without those of database URLs."""
    learn_environment()
    if "://" in text:
        text = _DATABASE_URL.sub(rf"\1{_MASK}@", text)
    for secret in sorted(_secrets, key=len, reverse=True):
        if secret.casefold() in _names | _ORDINARY or len(secret) < _SHORTEST:
            text = _where_a_password_stands(secret).sub(rf"\1{_MASK}", text)
        elif any(part in text for part in _parts_in_every_form(secret)):
            text = _anywhere(secret).sub(_replaced, text)
    return text


def _replaced(match: re.Match[str]) -> str:
    r"""The mask; but in ``\nice``, the escape of a line break, the word ``nice`` does not stand."""
    at = match.start()
    while at and match.string[at - 1] == "\\":
        at -= 1
    is_escape = (match.start() - at) % 2 and match[0][0] in "abfnrtuvxU"
    return match[0] if is_escape else _MASK


@lru_cache(maxsize=256)
def _where_a_password_stands(secret: str) -> re.Pattern[str]:
    form = _form(secret)
    return re.compile(
        rf"((?:://|%3A%2F%2F)[^\s:/@]*?(?::|%3A)|pass(?:word|wd)?[\"']?\s*[=:]\s*[\"']?)"
        rf"{form}(?=@|%40|[\"'\s,;&)}}]|\Z)",
        re.IGNORECASE,
    )


@lru_cache(maxsize=256)
def _anywhere(secret: str) -> re.Pattern[str]:
    form = _form(secret)
    if len(secret) < _SHORT_WORD and secret.isascii() and secret.isalpha():
        # A word also begins after an escape: of a URL, of Python and JSON, of a terminal.
        begins = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[abfnrtv])|(?<=[0-9;\[]m))"
        form = rf"{begins}{form}(?!\w)"
    return re.compile(form)


def _form(secret: str) -> str:
    """A regular expression for a secret in each of its encodings."""
    between = r"(?:\s*\n\s*)?" if len(secret) >= _LONG else ""
    return between.join(map(_form_of_character, secret))


def _form_of_character(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    return rf"(?:{'|'.join(_forms_of_character(character))})"


def _forms_of_character(character: str) -> Iterator[str]:
    number, encoded = ord(character), character.encode(errors="surrogatepass")
    yield "".join(rf"%+(?:25)?(?i:{byte:02x})" for byte in encoded)
    yield rf"\\+(?i:u{number:04x}|x{number:02x}|U{number:08x})"
    yield "".join(rf"\\+(?i:x{byte:02x})" for byte in encoded)
    yield rf"&\#(?:{number}|(?i:x0*{number:x}));"
    if character in _ENTITIES:
        yield f"&{_ENTITIES[character]};"
    yield rf"\\*{re.escape(character)}"  # after those that begin with the character itself
    if number > 0xFFFF:  # noqa: PLR2004  (JSON has two escapes for it)
        pair = character.encode("utf-16-be")
        yield "".join(rf"\\+(?i:u{pair[i : i + 2].hex()})" for i in (0, 2))
    if character.isspace():
        yield r"\s+"
        yield r"\+"
    if character in "\n\r\t":
        yield rf"\\+{repr(character)[2]}"


@lru_cache(maxsize=256)
def _parts_in_every_form(secret: str) -> tuple[str, ...]:
    """Parts that no encoding changes; a text with none of them does not hold the secret.

    A line break can be in one of two parts.
    """
    longest = max(re.findall(r"[A-Za-z0-9]+", secret), key=len, default="")
    half = len(longest) // 2
    return (longest[:half], longest[half:]) if len(secret) >= _LONG else (longest,)
