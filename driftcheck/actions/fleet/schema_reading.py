"""Reads many schemas of one database at once, each as a member of a fleet.

The catalog is read once. The objects of each schema get a digest in which the name of the schema
does not count, so that tenants with equal tables have equal digests. Only names of objects are
treated so: in a definition, the name of the schema and a dot. Text in quotes is left as it is,
because there the name may be a value.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
from driftcheck.databases.registry import catalog_for, database_for
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import DriftcheckError
from driftcheck.process.deadline import watchdog
from driftcheck.quoting import quote_identifier
from driftcheck.schema import Address, SchemaObject, Snapshot, Value
from driftcheck.sources.live import Live, exists, reading

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

    def __init__(self, snapshot: Snapshot, schemas: Sequence[str]) -> None:
        self._parts: dict[str, Snapshot] = {}
        objects: dict[str, dict[Address, SchemaObject]] = {schema: {} for schema in ("", *schemas)}
        for address, obj in snapshot.objects.items():
            schema = _schema_of(address)
            objects[schema if schema in objects else ""][address] = obj
        counts: dict[str, dict[tuple[str, str], int]] = {schema: {} for schema in objects}
        for key, count in snapshot.not_compared.items():
            counts[key[1] if key[1] in counts else ""][key] = count
        remarks: dict[str, list[Any]] = {schema: [] for schema in objects}
        for remark in snapshot.remarks:
            schema = _schema_of(remark.address)
            remarks[schema if schema in remarks else ""].append(remark)
        self._parts = {
            schema: replace(
                snapshot,
                objects=objects[schema],
                not_compared=counts[schema],
                remarks=tuple(remarks[schema]),
            )
            for schema in objects
        }
        shared = self._parts[""]
        self._shared = objects_digest(shared.objects.values()), rest_of(shared)

    def part(self, schema: str) -> Snapshot:
        """Return a member's schema, with everything that belongs to no member."""
        shared, own = self._parts[""], self._parts[schema]
        return replace(
            own,
            objects={**shared.objects, **own.objects},
            not_compared={**shared.not_compared, **own.not_compared},
            remarks=(*shared.remarks, *own.remarks),
        )

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
        """Return an object without the name."""
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
        """Return an address without the name."""
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


@dataclass(frozen=True)
class SchemaReadings:
    """What was read of the schemas of a database.

    Attributes:
        outcomes: The outcome of each member.
        split: The schema of the database.
    """

    outcomes: tuple[Outcome, ...]
    split: SplitSnapshot

    def live(self, member: MemberReading, schema: str) -> Live:
        """Return the live database of a member, as if it had been read for this member alone.

        Args:
            member: What was read of the member.
            schema: Its schema.
        """
        revisions = {VersionTable(schema, name): found for _, name, found in member.stamps}
        return Live(self.split.part(schema), revisions)


def read_schemas(job: ReadJob, schemas: Mapping[str, str]) -> SchemaReadings:
    """Read schemas of one database, in a transaction in which the server refuses to write.

    Args:
        job: The database. Its version tables are looked for in the schema of each member.
        schemas: The schema of each member, by the member's name.

    Raises:
        DriftcheckError: The database cannot be read.
    """
    watchdog.seconds = job.timeout
    url = job.url.resolve()
    names = {name for _, name, _ in job.version_tables}
    tables = {at: [VersionTable(at, name) for name in names] for at in schemas.values()}
    with reading(url) as connection:
        snapshot = catalog_for(url.get_backend_name()).read(connection, job.scope)
        stamps = {at: _stamps(connection, snapshot, found) for at, found in tables.items()}
    environment = environment_digest(url, snapshot)
    hidden = [table.address(snapshot) for found in tables.values() for table in found]
    split = SplitSnapshot(snapshot.without(hidden), [*tables])

    def outcome(name: str, schema: str) -> Outcome:
        found = stamps[schema]
        if isinstance(found, DriftcheckError):
            return failure_of(name, found, shown(url))
        return MemberReading(name, shown(url), found, split.digest(schema), environment, now())

    return SchemaReadings(tuple(outcome(*member) for member in schemas.items()), split)


def _stamps(
    connection: Any, snapshot: Snapshot, tables: Sequence[VersionTable]
) -> Stamps | DriftcheckError:
    """Read the revisions of a member; return the error if that is not possible.

    Each read locks a version table. Without the savepoint, all of them would stay locked.
    """
    read_revisions = database_for(snapshot.dialect).read_revisions
    cursor = connection.cursor()
    cursor.execute(_SAVEPOINT)
    try:
        present = [table for table in tables if exists(table, snapshot)]
        read = ((t.name, read_revisions(connection, t.address(snapshot))) for t in present)
        return tuple(sorted(("", name, revisions) for name, revisions in read))
    except DriftcheckError as error:
        return error
    finally:
        cursor.execute(_RELEASE_LOCKS)


def _schema_of(address: Address) -> str:
    return address.name if address.kind == "schema" else address.schema
