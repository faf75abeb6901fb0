"""Reads one member of a fleet. This is the unit of work: a function with plain, picklable values.

The project's code is not needed, so that the function runs in any thread, process or machine. It
reads what decides the result of a check, and returns only a digest of it. Members with the same
digest are compared once.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy.engine import URL

from driftcheck.actions.fleet.url_references import UrlReference
from driftcheck.databases.location import shown
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import database_for
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import DriftcheckError
from driftcheck.process.deadline import watchdog
from driftcheck.process.masking import masked
from driftcheck.schema import Address, SchemaObject, Snapshot
from driftcheck.sources.live import Live, read_live

_MARSHAL = 2  # later versions of the format write equal values differently

Stamps: TypeAlias = tuple[tuple[str, str, tuple[str, ...]], ...]
"""The schema, the name and the revisions of each version table that exists."""


@dataclass(frozen=True)
class ReadJob:
    """What is needed to read a member.

    Attributes:
        member: The name of the member.
        url: The reference to its URL.
        version_tables: The schema and the name of each version table, and the schemas in which it
            is looked for after that.
        grants: Whether privileges are read.
        owners: Whether owners are read.
        settings: Whether settings of the database and of roles are read.
        timeout: The time limit of one statement, in seconds.
    """

    member: str
    url: UrlReference
    version_tables: tuple[tuple[str, str, tuple[str, ...]], ...]
    grants: bool
    owners: bool
    settings: bool
    timeout: float

    @property
    def scope(self) -> Scope:
        """The part of the database that is read. Only a repair needs the dependencies."""
        return Scope(
            grants=self.grants, owners=self.owners, settings=self.settings, dependencies=False
        )


@dataclass(frozen=True)
class MemberReading:
    """What was read of a member.

    Attributes:
        member: The name of the member.
        location: The URL without password.
        stamps: The revisions in its version tables.
        digest: A digest of everything that was read of the schema, names and evidence included.
        environment: A digest of the properties of the server that influence a replay.
        read_at: When the reading ended, in ISO 8601.
    """

    member: str
    location: str
    stamps: Stamps
    digest: str
    environment: str
    read_at: str

    @property
    def state(self) -> tuple[str, Stamps, str]:
        """What the result of a check depends on. Members with the same state are compared once."""
        return self.environment, self.stamps, self.digest


@dataclass(frozen=True)
class ReadFailure:
    """Why a member could not be read.

    Attributes:
        member: The name of the member.
        reason: What happened, without a password.
        hint: What to do next.
        location: The URL without password; empty if it is not known.
    """

    member: str
    reason: str
    hint: str = ""
    location: str = ""


Outcome: TypeAlias = MemberReading | ReadFailure


def read_member(job: ReadJob) -> Outcome:
    """Read a member, in a transaction in which the server refuses to write.

    Args:
        job: The member.

    Returns:
        The reading; if the member cannot be read, the reason. No exception is raised for it.
    """
    watchdog.seconds = job.timeout
    location = ""
    try:
        url = job.url.resolve()
        location = shown(url)
        live = read_live(url, (VersionTable(*table) for table in job.version_tables), job.scope)
        return reading_of(job.member, url, live)
    except DriftcheckError as error:
        return failure_of(job.member, error, location)


def reading_of(member: str, url: URL, live: Live) -> MemberReading:
    """Return what a fleet keeps of a live database that was read.

    Args:
        member: The name of the member.
        url: The database.
        live: The database as it was read, without dependencies.

    Raises:
        ConnectionFailedError: The database cannot be reached.
    """
    return MemberReading(
        member,
        shown(url),
        stamps_of(live),
        snapshot_digest(live.snapshot),
        environment_digest(url, live.snapshot),
        now(),
    )


def failure_of(member: str, error: DriftcheckError, location: str = "") -> ReadFailure:
    """Return the failure for an error, in words.

    Args:
        member: The name of the member.
        error: The error.
        location: The URL without password; empty if it is not known.
    """
    detail = next(iter(error.details.strip().splitlines()), "")
    reason = f"{error.message}: {detail}" if detail else error.message
    return ReadFailure(member, masked(reason), masked(error.hint), location)


def stamps_of(live: Live) -> Stamps:
    """Return the revisions of a live database as plain values."""
    return tuple(
        sorted((table.schema, table.name, found) for table, found in live.revisions.items())
    )


def now() -> str:
    """Return the time, in ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def environment_digest(url: URL, snapshot: Snapshot) -> str:
    """Return a digest of the properties of a server and a database that influence a replay.

    Args:
        url: The database.
        snapshot: Its schema.

    Raises:
        ConnectionFailedError: The database cannot be reached.
    """
    facts = database_for(url.get_backend_name()).read_facts(url)
    relevant = snapshot.dialect, snapshot.server_version, facts and facts.influences
    return hashlib.sha256(repr(relevant).encode()).hexdigest()


def snapshot_digest(snapshot: Snapshot) -> str:
    """Return a digest of everything in a snapshot, independent of the order of objects.

    Unlike the digest that tells whether two schemas are equal, it includes evidence and remarks:
    findings depend on them too.
    """
    parts = objects_digest(snapshot.objects.values()), rest_of(snapshot)
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def rest_of(snapshot: Snapshot) -> tuple[Any, ...]:
    """Return everything of a snapshot that a finding depends on besides its objects."""
    remarks = ((r.rule, _plain_address(r.address), r.words) for r in snapshot.remarks)
    counts = ((*key, count) for key, count in snapshot.not_compared.items())
    names = snapshot.dialect, snapshot.server_version, snapshot.default_schema
    return names, tuple(sorted(counts)), tuple(sorted(remarks))


def objects_digest(objects: Iterable[SchemaObject]) -> int:
    """Return the sum of the digests of objects."""
    return sum(map(_object_digest, objects)) % 2**256


def _object_digest(obj: SchemaObject) -> int:
    data = marshal.dumps(tuple(_fields(obj)), _MARSHAL)
    return int.from_bytes(hashlib.blake2b(data, digest_size=32).digest(), "big")


def _fields(obj: SchemaObject) -> Iterator[Any]:
    yield _plain_address(obj.address)
    yield sorted(obj.attributes.items())
    yield from (_plain_address(at) for at in (obj.part_of, obj.inherited_from))
    yield [_plain_address(at) for at in obj.stands_on]
    yield obj.number, obj.renamable, obj.subject, obj.recognizable


def _plain_address(address: Address | None) -> tuple[Any, ...]:
    return tuple(address or ())
