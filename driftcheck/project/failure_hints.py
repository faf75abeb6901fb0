"""Finds the known causes of exceptions of the project's code, and says what to do about them."""

from __future__ import annotations

import os
import re
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from driftcheck.process.exception_text import message_of
from driftcheck.quoting import quote_identifier

_VARIABLE = re.compile(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]\b|\bDSN\b")
_NOT_SET = re.compile(
    r"environment|\benv ?var|not (?:been )?(?:set|defined|found|configured|provided)"
    r"|must be (?:set|defined|provided)|is (?:required|missing|unset)|undefined|missing",
    re.IGNORECASE,
)
_OF_A_DATABASE = re.compile(r"URL|URI|DSN|DATABASE|(?:\b|_)DB(?:\b|_)", re.IGNORECASE)
_OLD_SCHEME = re.compile(r"sqlalchemy\.dialects:postgres(?:\.(\w+))?\Z")
_PORTS_OF_SEVERAL_HOSTS = re.compile(r"invalid literal for int\(\) with base 10: '\d*,")
_NO_URL = re.compile(r"Expected string or URL object, got None")
_NO_SCHEMA = re.compile(
    r'schema "(?P<name>[^"]+)" does not exist|no schema has been selected to create in'
)


def hint_for(error: BaseException) -> str:
    """Return what to do about an exception of the project's code; empty if it is not known.

    Args:
        error: The exception. The exceptions that caused it are looked at too.
    """
    for cause in _causes(error):
        for find in _HINTS:
            hint = find(cause)
            if hint:
                return hint
    return ""


def schema_hint(message: str) -> str:
    """Return what to do about a schema that is missing in a shadow database; empty if none is.

    Args:
        message: The message of the server.
    """
    missing = _NO_SCHEMA.search(message)
    if missing is None:
        return ""
    name = missing["name"]
    subject = f"The schema {name}" if name else "A schema of the search path"
    statement = f"CREATE SCHEMA {quote_identifier(name) if name else 'NAME'};"
    return (
        f"{subject} does not exist at this point: a shadow database starts without the schemas "
        "that were created outside of the migrations. If it exists before the first migration "
        f"runs, write {statement} into a file schema.sql, and have driftcheck run this file first: "
        'bootstrap = "schema.sql" in [tool.driftcheck], or --bootstrap schema.sql.'
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        yield cause
        cause = cause.__cause__ or cause.__context__


def _missing_variable(error: BaseException) -> str:
    name = _variable_of(error)
    if not name or name in os.environ:
        return ""
    if not _OF_A_DATABASE.search(name):
        return (
            f"Set the environment variable {name}: {name}=placeholder driftcheck … . driftcheck "
            "does not use its value, so any value will do that the code accepts."
        )
    return (
        f"Set the environment variable {name}: {name}=… driftcheck … . The project's code is "
        "connected to a shadow database instead of the database that is named there. To compare "
        "with the live database, name that database. Otherwise any value of the right form will "
        "do, because nothing is connected to it: in gate, with --database-url, or with --only-gap "
        "pending."
    )


def _variable_of(error: BaseException) -> str:
    """Return the name of the environment variable that an exception says is missing."""
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, KeyError):
        from_environment = bool(frames) and Path(frames[-1].filename).name in (
            "os.py",
            "<frozen os>",
        )
        key = error.args[0] if error.args else ""
        return key if from_environment and isinstance(key, str) else ""
    if any("pydantic_settings" in Path(frame.filename).parts for frame in frames):
        return _required_field(error)
    text = message_of(error)
    names = [name for name in _VARIABLE.findall(text) if name not in os.environ]
    return names[0] if names and _NOT_SET.search(text) else ""


def _required_field(error: BaseException) -> str:
    """Return the variable of the first setting that pydantic-settings does not find."""
    errors = getattr(error, "errors", None)
    for each in errors() if callable(errors) else ():
        if each.get("type") == "missing" and each.get("loc"):
            return str(each["loc"][0]).upper()
    return ""


def _old_scheme(error: BaseException) -> str:
    found = _OLD_SCHEME.search(message_of(error))
    if found is None:
        return ""
    driver = f"+{found[1]}" if found[1] else ""
    return (
        f"SQLAlchemy does not accept postgres{driver}://. Write postgresql{driver}:// at the "
        "beginning of the project's database URL."
    )


def _several_hosts(error: BaseException) -> str:
    if not isinstance(error, ValueError) or not _PORTS_OF_SEVERAL_HOSTS.match(message_of(error)):
        return ""
    return (
        "SQLAlchemy accepts several hosts with ports only in the query of a URL. Write "
        "postgresql://USER@/DATABASE?host=HOST1:PORT1&host=HOST2:PORT2."
    )


def _no_url(error: BaseException) -> str:
    if _NO_URL.search(message_of(error)) is None:
        return ""
    return (
        "The project's code passes None to SQLAlchemy instead of a database URL. Usually a setting "
        "or an environment variable is not set: set it. Any URL of the right form will do where "
        "the live database is not compared, because nothing is connected to it."
    )


def _missing_schema(error: BaseException) -> str:
    return schema_hint(message_of(error))


_HINTS: tuple[Callable[[BaseException], str], ...] = (
    _missing_variable,
    _old_scheme,
    _several_hosts,
    _no_url,
    _missing_schema,
)
