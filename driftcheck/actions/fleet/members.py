"""The members of a fleet: from a TOML file, from a query, or from the schemas of a database."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from driftcheck.actions.fleet.url_references import UrlReference, reference_of
from driftcheck.databases.registry import database_for
from driftcheck.errors import CannotCheckError, CatalogError, ConfigurationError
from driftcheck.sources.live import reading
from driftcheck.suggestions import with_suggestion

PLACEHOLDER = "{schema}"
"""Stands for the schema of a member in a ``-x`` argument."""
_KEYS: Mapping[str, type[object]] = {"url": str, "url_file": str, "group": str, "x": list}
_COLUMNS = (2, 3)
_SCHEMAS = r"SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname !~ '^pg_' ORDER BY nspname"


@dataclass(frozen=True)
class Member:
    """A database of the fleet, or a schema of one.

    Attributes:
        name: The name in reports.
        url: The reference to the URL of the database.
        group: The group in reports; empty for none.
        x: The ``-x`` arguments of the member, after those of the command line.
        schema: The schema of the member; empty if the whole database is the member.
    """

    name: str
    url: UrlReference
    group: str = ""
    x: tuple[str, ...] = ()
    schema: str = ""


def members_of_file(path: Path) -> tuple[Member, ...]:
    """Return the members that a TOML file names in its tables ``[databases.NAME]``.

    Args:
        path: The file.

    Raises:
        ConfigurationError: The file cannot be read, or a value is not valid.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8")).get("databases")
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigurationError(
            f"the fleet file {path} cannot be read: {reason}",
            hint="Name a TOML file with a table [databases.NAME] for each database.",
        ) from None
    if not isinstance(tables, dict) or not tables:
        raise ConfigurationError(
            f"the fleet file {path} names no database",
            hint='Write for each database: [databases.NAME], and below it url = "env:VARIABLE".',
        )
    return tuple(_of_table(name, table, path) for name, table in tables.items())


def _of_table(name: str, table: Any, path: Path) -> Member:
    where = f"[databases.{name}] in {path}"
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where} is not a table", hint=_keys_hint())
    for key, value in table.items():
        if key not in _KEYS:
            raise ConfigurationError(
                f"{where} has an unknown key: {key}",
                hint=with_suggestion(key, _KEYS, _keys_hint()),
            )
        texts = value if isinstance(value, list) else [value]
        if not isinstance(value, _KEYS[key]) or not all(isinstance(text, str) for text in texts):
            raise ConfigurationError(f"{key} of {where} has no valid value", hint=_keys_hint())
    if ("url" in table) == ("url_file" in table):
        raise ConfigurationError(f"{where} must have either url or url_file", hint=_keys_hint())
    text = table["url"] if "url" in table else f"file:{table['url_file']}"
    reference = reference_of(text, named=f"the URL of {where}", directory=path.parent.absolute())
    return Member(name, reference, table.get("group", ""), tuple(table.get("x", ())))


def _keys_hint() -> str:
    return (
        'The keys are url = "env:NAME" (or "file:PATH#KEY"), or url_file = "PATH"; '
        'group = "TEXT"; and x = ["NAME=VALUE"].'
    )


def members_of_query(control: UrlReference, query: str) -> tuple[Member, ...]:
    """Return the members that a query on a control database returns.

    The query runs in a read-only transaction.

    Args:
        control: The reference to the URL of the control database.
        query: A query whose rows are a name, a reference or URL, and optionally a group.

    Raises:
        ConfigurationError: The rows are not of this form, or there are none.
        CannotCheckError: The control database cannot be read.
    """
    rows = _rows(control, query)
    if not rows or any(len(row) not in _COLUMNS or None in row[:2] for row in rows):
        found = "rows of another form" if rows else "no row"
        raise ConfigurationError(f"the query of --from-query returns {found}", hint=_QUERY_HINT)
    return _distinct(
        Member(str(name), _of_row(str(name), str(url)), str(next(iter(group), None) or ""))
        for name, url, *group in rows
    )


_QUERY_HINT = "Each row must be a name, a URL or a reference to one, and optionally a group."


def _rows(control: UrlReference, query: str) -> Sequence[Any]:
    try:
        with reading(control.resolve()) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return cursor.fetchall() if cursor.description else ()
    except CatalogError as error:
        raise ConfigurationError(
            f"the query of --from-query fails on {control.text}",
            hint=_QUERY_HINT,
            details=error.details,
        ) from None


def _of_row(name: str, url: str) -> UrlReference:
    return reference_of(url, named=f"the URL of {name!r}", directory=Path.cwd())


def _distinct(members: Iterable[Member]) -> tuple[Member, ...]:
    """Return members with different names.

    Raises:
        ConfigurationError: Two members have the same name.
    """
    by_name: dict[str, Member] = {}
    for member in members:
        if by_name.setdefault(member.name, member) is not member:
            raise ConfigurationError(
                f"two databases of the fleet have the name {member.name!r}",
                hint="Give each database another name: reports identify it by its name.",
            )
    return tuple(by_name.values())


def members_of_schemas(
    url: UrlReference, pattern: str, x: Sequence[str]
) -> tuple[tuple[Member, ...], tuple[str, ...]]:
    """Return a member for each schema of a database whose name matches a pattern.

    Args:
        url: The reference to the URL of the database.
        pattern: A pattern as in a shell: ``tenant_*``.
        x: The ``-x`` arguments of the command line.

    Returns:
        The members, and the ``-x`` arguments without a placeholder, which concern all of them.

    Raises:
        ConfigurationError: The database has no schemas, or none that matches, or no ``-x``
            argument says how env.py learns the schema.
    """
    own = [argument for argument in x if PLACEHOLDER in argument]
    if not own:
        raise ConfigurationError(
            "with --schemas, a -x argument must say how env.py learns the schema",
            hint=f"For example: -x 'tenant={PLACEHOLDER}'. The schema takes the place of "
            f"{PLACEHOLDER}.",
        )
    target = url.resolve()
    if not database_for(target.get_backend_name()).has_schemas:
        raise ConfigurationError(
            "--schemas works with PostgreSQL only",
            hint="Name the databases in a file: driftcheck fleet FILE.",
        )
    with reading(target) as connection, connection.cursor() as cursor:
        cursor.execute(_SCHEMAS)
        names = [name for (name,) in cursor.fetchall() if fnmatchcase(name, pattern)]
    if not names:
        raise CannotCheckError(
            f"no schema of {url.text} matches {pattern!r}",
            hint="The pattern is as in a shell: * stands for any characters.",
        )
    members = (
        Member(name, url, x=tuple(_filled(argument, name) for argument in own), schema=name)
        for name in names
    )
    return tuple(members), tuple(argument for argument in x if argument not in own)


def _filled(argument: str, schema: str) -> str:
    return argument.replace(PLACEHOLDER, schema)


def by_name(members: Iterable[Member]) -> Mapping[str, Member]:
    """Return members by their names."""
    return {member.name: member for member in members}
