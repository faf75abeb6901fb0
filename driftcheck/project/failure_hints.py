"""Finds the known causes of exceptions of the project's code, and says what to do about them."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from configparser import InterpolationError
from pathlib import Path
from typing import Any

from driftcheck.databases.driver_packages import DRIVER_PACKAGES
from driftcheck.process.exception_text import message_of
from driftcheck.quoting import quote_identifier

_NAME = r"\b(?P<name>[A-Z][A-Z0-9]*_[A-Z0-9_]*[A-Z0-9]|DSN)\b"
_OF_ENVIRONMENT = re.compile(r"environment variable|\benv(?:ironment)?[ _-]?var", re.IGNORECASE)
_VARIABLE = re.compile(_NAME)
_NOT_SET = re.compile(
    _NAME + r"[`'\"]?(?: \S+){0,3}? (?i:(?:is|was|has) not (?:been )?|isn't |must be )"
    r"(?i:set|defined|configured|provided)\b"
)
_OF_A_DATABASE = re.compile(r"URL|URI|DSN|DATABASE|(?:\b|_)DB(?:\b|_)", re.IGNORECASE)
_OLD_SCHEME = re.compile(r"sqlalchemy\.dialects:postgres(?:\.(\w+))?\Z")
_PORTS_OF_SEVERAL_HOSTS = re.compile(r"invalid literal for int\(\) with base 10: '\d*,")
_NO_URL = re.compile(
    r"Expected string or URL object, got None"
    r"|'NoneType' object has no attribute '_instantiate_plugins'"  # SQLAlchemy 1.4
)
_NO_PRIVILEGE = re.compile(r"permission denied for schema (\w+)")
_NO_TABLE = re.compile(
    r'relation "[^"]+" does not exist|no such table: \S|Table \'[^\']+\' doesn\'t exist'
)
_UNPARSABLE_URL = re.compile(r"Could not parse (?:SQLAlchemy|rfc1738) URL from")
_TEMPLATE_URL = re.compile(r"Can't load plugin: sqlalchemy\.dialects:driver\b")
_CONFIG_IN_CODE = (
    "If a program of the project passes the URL or the connection to Alembic, give driftcheck a "
    "function that returns this program's Config: -c package.module:callable."
)
_OF_ENGINES = {"begin", "connect"}
_WRITE_HOOKS = "alembic.script.write_hooks"
_REVISION_MAP = "alembic.script.revision"
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


def missing_variable(error: BaseException) -> str:
    """Return the environment variable that certainly is missing for code; empty if none is."""
    found = (_variable_of(cause) for cause in _causes(error))
    return next((name for name, certain in found if certain and name not in os.environ), "")


def _missing_variable(error: BaseException) -> str:
    name, is_certain = _variable_of(error)
    if not name or name in os.environ:
        return ""
    start = f"Set the environment variable {name}"
    if not is_certain:
        start = f"If {name} is an environment variable, set it"
    if not _OF_A_DATABASE.search(name):
        return (
            f"{start}: {name}=placeholder driftcheck … . driftcheck does not use its value, so any "
            "value will do that the code accepts."
        )
    return (
        f"{start}: {name}=… driftcheck … . The project's code is connected to a shadow database "
        "instead of the database that is named there. To compare with the live database, name that "
        "database. Otherwise any value of the right form will do, because nothing is connected to "
        "it: in gate, with --database-url, or with --only-gap pending."
    )


def _variable_of(error: BaseException) -> tuple[str, bool]:
    """Return the environment variable that is missing, and whether it certainly is one.

    Returns:
        An empty name if the exception is not about a missing variable.
    """
    frames = [*traceback.walk_tb(error.__traceback__)]
    files = [Path(frame.f_code.co_filename) for frame, _ in frames]
    if isinstance(error, KeyError):
        key = error.args[0] if error.args else ""
        is_variable = bool(files) and files[-1].name in ("os.py", "<frozen os>")
        return (key, True) if is_variable and isinstance(key, str) else ("", False)
    for (frame, _), file in zip(frames, files, strict=True):
        if "pydantic_settings" in file.parts:
            return _required_setting(error, frame.f_locals), True
    text = message_of(error)
    if _OF_ENVIRONMENT.search(text):
        names = [name for name in _VARIABLE.findall(text) if name not in os.environ]
        return next(iter(names), ""), True
    found = _NOT_SET.search(text)
    return (found["name"], False) if found else ("", False)


def _required_setting(error: BaseException, variables: Mapping[str, Any]) -> str:
    """Return the variable of the first setting that pydantic-settings does not find.

    Args:
        error: Its exception.
        variables: The local variables of its code, which have the object of the settings.
    """
    settings = variables.get("__pydantic_self__", variables.get("self"))
    fields = getattr(type(settings), "model_fields", {})
    prefix = getattr(type(settings), "model_config", {}).get("env_prefix") or ""
    errors = getattr(error, "errors", None)
    for each in errors() if callable(errors) else ():
        if each.get("type") == "missing" and len(each.get("loc", ())) == 1:
            name = str(each["loc"][0])
            return f"{prefix}{name}".upper() if name in fields else name.upper()
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


def _missing_module(error: BaseException) -> str:
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    package = error.name.partition(".")[0]
    if package in DRIVER_PACKAGES:
        return (
            f"Install the driver in the environment of driftcheck, {sys.prefix}: "
            f"pip install '{DRIVER_PACKAGES[package]}'."
        )
    return (
        f"If {package} is a package, install it in the environment of driftcheck, {sys.prefix}, or "
        "install driftcheck where the project is installed. If it is a part of the project, run "
        "driftcheck in the directory of the project, or set PYTHONPATH."
    )


def _missing_schema(error: BaseException) -> str:
    return schema_hint(message_of(error))


def _no_privilege(error: BaseException) -> str:
    found = _NO_PRIVILEGE.search(message_of(error))
    if found is None:
        return ""
    return (
        "The project's code works as a role that lacks a privilege in the shadow database. If the "
        "privilege was granted outside of the migrations, write GRANT ALL ON SCHEMA "
        f"{found[1]} TO ROLE; into a file schema.sql, and have driftcheck run this file first: "
        'bootstrap = "schema.sql" in [tool.driftcheck], or --bootstrap schema.sql.'
    )


def _percent_sign(error: BaseException) -> str:
    if not isinstance(error, InterpolationError):
        return ""
    return "Write each % of a value in Alembic's configuration file as %%."


def _no_url_in_file(error: BaseException) -> str:
    """Say that the URL of the file is missing, or still the one of Alembic's template."""
    lacks_url = isinstance(error, KeyError) and error.args == ("url",)
    if not lacks_url and _TEMPLATE_URL.search(message_of(error)) is None:
        return ""
    return (
        "Set sqlalchemy.url in Alembic's configuration file to the URL of the live database, or "
        f"have env.py set it. {_CONFIG_IN_CODE}"
    )


def _unparsable_url(error: BaseException) -> str:
    if _UNPARSABLE_URL.search(message_of(error)) is None:
        return ""
    return (
        "The project's code passes an empty or malformed URL to SQLAlchemy. Set sqlalchemy.url in "
        "Alembic's configuration file, or the setting that env.py reads, to a URL of the form "
        f"dialect://user:password@host/database. {_CONFIG_IN_CODE}"
    )


def _no_connection_given(error: BaseException) -> str:
    """Say that env.py expects a connection from the program that runs Alembic."""
    lacks_key = isinstance(error, KeyError) and error.args == ("connection",)
    is_none = isinstance(error, AttributeError) and error.obj is None and error.name in _OF_ENGINES
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    is_in_env = bool(frames) and Path(frames[-1].f_code.co_filename).name == "env.py"
    return _CONFIG_IN_CODE if lacks_key or (is_none and is_in_env) else ""


def _missing_revision(error: BaseException) -> str:
    """Say that a file names a revision that no file has. Alembic has no message for this."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    is_of_alembic = bool(frames) and frames[-1].f_globals.get("__name__") == _REVISION_MAP
    if not isinstance(error, KeyError) or not is_of_alembic:
        return ""
    name = error.args[0]
    return (
        f"A migration file names the revision {name} in down_revision or depends_on, and no file "
        f"has this revision. The file of {name} was deleted or renamed, or belongs to a branch "
        f"that is not checked out. To find it: git log --all --oneline -S{name}."
    )


def _reflected_table(error: BaseException) -> str:
    # Imported here because this would take longer than a quick check.
    from sqlalchemy.exc import NoSuchTableError  # noqa: PLC0415

    if not isinstance(error, NoSuchTableError):
        return ""
    return (
        "The project's code reads this table from the database while it is imported. driftcheck "
        "connects it to a shadow database, which has no tables at this point. Declare the table "
        "in the models with its columns."
    )


def _queried_table(error: BaseException) -> str:
    if _NO_TABLE.search(message_of(error)) is None:
        return ""
    return (
        "driftcheck connects the project's code to a shadow database, which has only what the "
        "migrations have created so far: no tables while the code is imported, and no rows. On a "
        "new database, the migrations fail in the same way. Read the table after the start of the "
        "app, or treat a missing table as an empty one."
    )


def _failed_hook(error: BaseException) -> str:
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_globals.get("__name__") == _WRITE_HOOKS and frame.f_code.co_name == "_run_hooks":
            return (
                f"The hook {frame.f_locals.get('name')} of [post_write_hooks] in the Alembic "
                "configuration fails, so the project's own commands cannot write a migration "
                "here either. Install the program that it runs, or remove the hook."
            )
    return ""


_HINTS: tuple[Callable[[BaseException], str], ...] = (
    _missing_variable,
    _old_scheme,
    _several_hosts,
    _no_url,
    _missing_module,
    _missing_schema,
    _no_privilege,
    _percent_sign,
    _no_url_in_file,
    _unparsable_url,
    _no_connection_given,
    _missing_revision,
    _reflected_table,
    _queried_table,
    _failed_hook,
)
