"""Reads many schemas of one database at once, each as a member of a fleet.

The catalog is read once. The objects of each schema get a digest in which the name of the schema
does not count, so that tenants with equal tables have equal digests. Only names of objects are
treated so: in a definition, the name of the schema and a dot. Text in quotes is left as it is,
because there the name may be a value.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.actions.fleet.reading import (
    MemberReading,
    Outcome,
    ReadJob,
    Stamps,
    environment_digest,
    failure_of,
    now,
    objects_digest,
    rest_of,
)
from driftcheck.databases.location import shown
from driftcheck.databases.registry import database_for
from driftcheck.errors import DriftcheckError
from driftcheck.process.deadline import watchdog
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot, Value
from driftcheck.sources.live import Live, reading

_NEUTRAL = "\0"
"""Stands for the name of the schema. PostgreSQL has no such character in names and definitions."""
_SAVEPOINT = "SAVEPOINT driftcheck_member"
_RELEASE_LOCKS = "ROLLBACK TO SAVEPOINT driftcheck_member"


class SplitSnapshot:
    """The schema of a database, divided into the schemas of members and the rest.

    Args:
        snapshot: The schema of the whole database, without version tables.
        schemas: The schemas of all members.
    """

    def __init__(self, snapshot: Snapshot, schemas: Collection[str]) -> None:
        members = frozenset(schemas)
        self._parts: dict[str, Snapshot] = {}
        empty = replace(snapshot, objects={}, not_compared={}, remarks=(), dependencies={})
        objects: dict[str, dict[Address, SchemaObject]] = {}
        counts: dict[str, dict[tuple[str, str], int]] = {}
        remarks: dict[str, list[Any]] = {}

        def part_of(schema: str) -> str:
            return schema if schema in members else ""

        for address, obj in snapshot.objects.items():
            objects.setdefault(part_of(_schema_of(address)), {})[address] = obj
        for (kind, schema), count in snapshot.not_compared.items():
            counts.setdefault(part_of(schema), {})[kind, schema] = count
        for remark in snapshot.remarks:
            remarks.setdefault(part_of(_schema_of(remark.address)), []).append(remark)
        for schema in (*members, ""):
            self._parts[schema] = replace(
                empty,
                objects=objects.get(schema, {}),
                not_compared=counts.get(schema, {}),
                remarks=tuple(remarks.get(schema, ())),
            )
        shared = self._parts[""]
        self._shared = objects_digest(shared.objects.values()), rest_of(shared)

    def digest(self, schema: str) -> str:
        """Return a digest of a member's schema, and of everything that belongs to no member."""
        part, neutral = self._parts[schema], _NeutralNames(schema)
        own = objects_digest(map(neutral.object, part.objects.values()))
        counts = {(kind, _NEUTRAL): count for (kind, _), count in part.not_compared.items()}
        remarks = (replace(r, address=neutral.address(r.address)) for r in part.remarks)
        rest = rest_of(replace(part, not_compared=counts, remarks=tuple(remarks)))
        return hashlib.sha256(repr((own, rest, self._shared)).encode()).hexdigest()


class _NeutralNames:
    """Replaces the name of a schema in objects.

    Args:
        schema: The schema.
    """

    def __init__(self, schema: str) -> None:
        self._schema = schema
        self._qualifier = re.compile(rf'(?<![\w$".]){re.escape(quote_identifier(schema))}\.')
        self._text_or_qualifier = re.compile(
            rf"'(?:[^']|'')*+'(?P<name>::regclass)?|{self._qualifier.pattern}"
        )

    def object(self, obj: SchemaObject) -> SchemaObject:
        return SchemaObject(
            self.address(obj.address),
            {name: self._value(value) for name, value in obj.attributes.items()},
            None if obj.part_of is None else self.address(obj.part_of),
            obj.number,
            obj.renamable,
            None if obj.inherited_from is None else self.address(obj.inherited_from),
            None if obj.subject is None else tuple(map(self._text, obj.subject)),
            tuple(map(self.address, obj.stands_on)),
            obj.recognizable,
        )

    def address(self, address: Address) -> Address:
        kind, schema, path, arguments = address
        if kind == "schema" and path == (self._schema,):
            return Address(kind, schema, (_NEUTRAL,))
        own = _NEUTRAL if schema == self._schema else schema
        return Address(kind, own, path, None if arguments is None else self._text(arguments))

    def _value(self, value: Value) -> Value:
        if isinstance(value, str):
            return self._text(value)
        return tuple(map(self._value, value)) if isinstance(value, tuple) else value

    def _text(self, text: str) -> str:
        if self._schema not in text:
            return text
        return self._text_or_qualifier.sub(self._replaced, text)

    def _replaced(self, match: re.Match[str]) -> str:
        found = match.group()
        if found.startswith("'") and match["name"] is None:
            return found
        return self._qualifier.sub(f"{_NEUTRAL}.", found)


def read_schemas(job: ReadJob, members: Sequence[tuple[str, str]]) -> list[Outcome]:
    """Read schemas of one database, in a transaction in which the server refuses to write.

    Args:
        job: The database. Its version tables are looked for in the schema of each member.
        members: The name and the schema of each member.

    Returns:
        An outcome for each member. If the database cannot be read, all are the same failure.
    """
    watchdog.seconds = job.timeout
    try:
        url = job.url.resolve()
        with reading(url) as connection:
            snapshot = database_for(url.get_backend_name()).catalog.read(connection, job.scope)
            environment = environment_digest(url, snapshot)
            stamps = _all_stamps(connection, url, job, snapshot, members)
    except DriftcheckError as error:
        return [failure_of(name, error) for name, _ in members]
    schemas = [schema for _, schema in members]
    tables = (at for schema in schemas for at in _version_tables(job, snapshot, schema))
    split = SplitSnapshot(snapshot.without(tables), schemas)
    return [
        failure_of(name, found, shown(url))
        if isinstance(found, DriftcheckError)
        else MemberReading(name, shown(url), found, split.digest(schema), environment, now())
        for (name, schema), found in zip(members, stamps, strict=True)
    ]


def schema_reading_of(
    member: str, schema: str, url: URL, live: Live, schemas: Iterable[str]
) -> MemberReading:
    """Return what a fleet keeps of a schema, from a database that was read for it.

    Args:
        member: The name of the member.
        schema: Its schema.
        url: The database.
        live: The database as it was read.
        schemas: The schemas of all members.

    Raises:
        ConnectionFailedError: The database cannot be reached.
    """
    stamps = sorted(("", table.name, found) for table, found in live.revisions.items())
    digest = SplitSnapshot(live.snapshot, {*schemas}).digest(schema)
    environment = environment_digest(url, live.snapshot)
    return MemberReading(member, shown(url), tuple(stamps), digest, environment, now())


def _all_stamps(
    connection: Any,
    url: URL,
    job: ReadJob,
    snapshot: Snapshot,
    members: Sequence[tuple[str, str]],
) -> list[Stamps | DriftcheckError]:
    """Read the revisions of each member; an error concerns one member only."""
    database, cursor = database_for(url.get_backend_name()), connection.cursor()
    found: list[Stamps | DriftcheckError] = []
    for _, schema in members:
        # Each read locks a version table. Without the savepoint, all would stay locked.
        cursor.execute(_SAVEPOINT)
        try:
            tables = _version_tables(job, snapshot, schema)
            read = ((at.name, database.read_revisions(connection, at)) for at in tables)
            found.append(tuple(sorted(("", name, revisions) for name, revisions in read)))
        except DriftcheckError as error:
            found.append(error)
        cursor.execute(_RELEASE_LOCKS)
    return found


def _version_tables(job: ReadJob, snapshot: Snapshot, schema: str) -> list[Address]:
    """Return the version tables in a schema."""
    tables = (Address("table", schema, (name,)) for _, name in job.version_tables)
    return [table for table in dict.fromkeys(tables) if table in snapshot.objects]


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema
