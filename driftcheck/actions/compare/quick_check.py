"""Checks quickly whether a live database still has no drift, without replaying the history.

A full check runs at least the project's own env.py, which imports its models. For a large project,
this takes far longer than reading the live database. A quick check is possible if only drift is
asked for, and no file of the history has changed since the last full check. Then the digest of the
live schema is compared with the digest of the schema that the history builds, which the full check
has cached. If the digests differ, or anything else is new, a full check must find the differences.

If other gaps are asked for, a quick check is possible if the last full check of these gaps found
nothing, and nothing that the project's code then read has changed since (``in_step.py``).

The database is the one that --database-url names. Without this option, it is the one that the
project named in the last full check, if nothing has changed that the project's code then read.

Nothing here imports SQLAlchemy or Alembic: this import would take longer than the check.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from driftcheck import __version__
from driftcheck.actions.compare.in_step import InStep, known_in_step
from driftcheck.actions.compare.installed import installed_versions
from driftcheck.actions.compare.project_url import ProjectURL, project_url_of
from driftcheck.chain import Gap
from driftcheck.config.baseline import Baseline
from driftcheck.config.guard_settings import GuardSettings
from driftcheck.config.settings import Settings
from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.databases.postgresql.libpq import displayed_url, libpq_url
from driftcheck.databases.postgresql.read_only import make_read_only
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.version_table import read_stamps
from driftcheck.databases.reading import gc_paused
from driftcheck.databases.shadow.request import ServerFacts
from driftcheck.databases.version_table import VersionTable
from driftcheck.errors import CatalogError, ConnectionFailedError, NotAnsweredError
from driftcheck.judging.report import HistoryRevision, Report
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_report import ReportHeader, database_report
from driftcheck.pipeline.selection import compared_scope, reading_scope, within
from driftcheck.project.inputs import inputs_of
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.files import files_in, fingerprint
from driftcheck.storage.cache_directory import cache_directory, read_private, write_private
from driftcheck.storage.entries import key_of
from driftcheck.storage.snapshot_file import FORMAT, digest

_PACKAGES = ("alembic", "sqlalchemy", "flask-migrate")
_CONFIGURATION = ("alembic.ini", "pyproject.toml", ".env", ".flaskenv")


@dataclass(frozen=True)
class CachedCheck:
    """The result of a full check, as it is cached for quick checks.

    Attributes:
        project: The project's name.
        directories: The directories of the history.
        files: A digest of all files in these directories.
        heads: The heads of the history.
        version_tables: The schema and the name of each version table, and the schemas in which it
            is looked for after that.
        database: The name of the bind of the database; empty without binds.
        digests: Digests of schemas that the history builds. The key is a digest of the facts about
            the server and the revisions.
        shadows: Where the shadow databases were created.
        notes: The notes of the report.
        inputs: What the replay has read outside the history, as JSON.
        project_url: The URL of the project's own database, as JSON; ``None`` if it cannot be known
            without the project's code.
        history: The attributes of each revision, as ``HistoryRevision`` takes them.
    """

    project: str
    directories: Sequence[str]
    files: str
    heads: Sequence[str]
    version_tables: Sequence[Sequence[str]]
    database: str
    digests: dict[str, str]
    shadows: str
    notes: Sequence[str]
    inputs: dict[str, Any]
    project_url: dict[str, Any] | None
    history: Sequence[tuple[str, str, str, Sequence[str]]]

    def state(self, digest_key: str, location: str) -> str:
        """Return a digest of what a check of all gaps depends on, apart from the project's code.

        Args:
            digest_key: The key of the digest that the schema of the live database has.
            location: The URL of the live database, as messages show it.
        """
        parts = asdict(replace(self, digests={}, project_url=None))
        return key_of((parts, digest_key, self.digests.get(digest_key), location))


class _Live(NamedTuple):
    """Where the live database is.

    Attributes:
        dsn: The URL for libpq. The project's own is without a password.
        shown: The URL for messages.
        arguments: Further arguments for libpq: the password.
    """

    dsn: str
    shown: str
    arguments: dict[str, Any]


class SavedCheck(NamedTuple):
    """A full check as it was cached.

    Attributes:
        check: What was cached.
        digest_key: The key of the digest of the schema that the history builds at the revisions of
            the live database.
    """

    check: CachedCheck
    digest_key: str


class QuickResult(NamedTuple):
    """What a quick check has found.

    Attributes:
        report: The report if there is no difference; ``None`` if only a full check can find the
            differences.
        live: A digest of the live schema.
        key: A digest of what drift depends on: the database and its server, both schemas, the files
            of the history, the settings and the installed versions.
        files: A digest of the files of the history.
        directories: The directories of the history.
        state: A digest of what else findings depend on in the live database; ``None`` if it is not
            known or was not asked for.
    """

    report: Report | None
    live: str
    key: str
    files: str
    directories: tuple[str, ...]
    state: str | None = None


def quick_report(settings: Settings) -> Report | None:
    """Report that there is no difference; ``None`` if only a full check can tell.

    Args:
        settings: The settings.

    Raises:
        NotAnsweredError: The live database does not answer in time.
    """
    result = quick_result(settings)
    return None if result is None else result.report


def quick_result(settings: Settings, *, reads_state: bool = False) -> QuickResult | None:
    """Make a quick check; ``None`` if it is not possible.

    Args:
        settings: The settings.
        reads_state: Whether the state of a live database with differences is read.

    Raises:
        NotAnsweredError: The live database does not answer in time.
    """
    is_drift = settings.gaps == (Gap.DRIFT,)
    is_asked = settings.cache and settings.bootstrap is None and _has_its_files(settings)
    in_step = None
    if is_asked and not is_drift:
        in_step = known_in_step(settings_digest(settings), settings.gaps)
    cached = _load(settings) if is_asked and (is_drift or in_step is not None) else None
    if cached is None or not _is_current(cached, settings):
        return None
    live = _live(cached, settings, in_step)
    if live is None:
        return None
    # Imported here because projects with other databases may not have psycopg2.
    import psycopg2  # noqa: PLC0415

    from driftcheck.databases.postgresql import psycopg2_deadlines as watched  # noqa: PLC0415

    try:
        connection = watched.connect(
            live.shown, live.dsn, application_name="driftcheck", **live.arguments
        )
    except psycopg2.Error:
        return None  # the full check reports the error
    try:
        make_read_only(connection)
        with gc_paused():
            result = _result(settings, cached, connection, live.shown, in_step)
            if result is None or result.report is not None or not reads_state:
                return result
            return result._replace(state=PostgreSQLCatalog().state(connection))
    except NotAnsweredError:
        raise  # the full check would wait for the same time
    except (psycopg2.Error, ConnectionFailedError, CatalogError):
        return None
    finally:
        connection.close()


def _has_its_files(settings: Settings) -> bool:
    """Whether the files of the settings exist; if not, the full check reports it."""
    return settings.base_snapshot is None or settings.base_snapshot.is_file()


def _is_current(cached: CachedCheck, settings: Settings) -> bool:
    """Whether the history, and everything that its replay has read, is unchanged."""
    if cached.files != history_digest(cached.directories, settings.root):
        return False
    inputs = inputs_of(cached.inputs)
    return inputs is not None and inputs.unchanged() is not None


def _live(cached: CachedCheck, settings: Settings, in_step: InStep | None) -> _Live | None:
    """Return where the live database is; ``None`` if only a full check can tell."""
    if settings.database_url is not None:
        dsn = libpq_url(settings.database_url)
        if dsn is None or (in_step is not None and in_step.inputs.unchanged() is None):
            return None
        return _Live(dsn, displayed_url(settings.database_url), {})
    own = _project_url(cached) if in_step is None else in_step.project_url
    password = None if own is None else own.password()
    if own is None or password is None:
        return None
    return _Live(own.url, displayed_url(own.url), {"password": password} if password else {})


def _project_url(cached: CachedCheck) -> ProjectURL | None:
    try:
        return None if cached.project_url is None else project_url_of(cached.project_url)
    except (KeyError, TypeError):  # the file of the cache is damaged
        return None


def _result(
    settings: Settings,
    cached: CachedCheck,
    connection: Any,
    location: str,
    in_step: InStep | None,
) -> QuickResult | None:
    """Read the live database, and compare the digest of its schema with the cached one."""
    facts = read_facts(connection)
    catalog = PostgreSQLCatalog()
    snapshot = catalog.read(connection, replace(reading_scope(settings), dependencies=False))
    tables = [_address(table, snapshot) for table in cached.version_tables]
    if not all(table in snapshot.objects for table in tables):
        return None
    stamped = sorted({r for table in tables for r in read_stamps(connection, table)})
    live = within(snapshot.without(tables), settings.schemas)
    if live.remarks:
        return None
    live_digest, digest_key = digest(live), _digest_key(facts, stamped)
    built = cached.digests.get(digest_key)
    parts = location, settings_digest(settings), cached.files, digest_key, built, live_digest
    key = hashlib.sha256(repr(parts).encode()).hexdigest()
    result = QuickResult(None, live_digest, key, cached.files, tuple(cached.directories))
    if live_digest != built:
        return result
    if in_step is not None and in_step.state != cached.state(digest_key, location):
        return None
    header = ReportHeader(
        name=cached.database or facts.database,
        location=location,
        dialect=snapshot.dialect,
        server_version=snapshot.server_version,
        stamped=tuple(stamped),
        heads=tuple(cached.heads),
        replay="cached",
        shadows=cached.shadows,
        notes=tuple(cached.notes),
        environment=in_step.environment if in_step is not None else "",
        history=tuple(
            HistoryRevision(revision, title, file, tuple(parents))
            for revision, title, file, parents in cached.history
        ),
    )
    compared = coverage(live, catalog, compared_scope(settings))
    report = database_report(header, (), settings.gaps, compared)
    fail_on, strict = settings.fail_on, settings.strict_coverage
    return result._replace(
        report=Report(cached.project, (report,), fail_on, strict_coverage=strict)
    )


def _address(table: Sequence[str], snapshot: Snapshot) -> Address:
    schema, name, *later = table
    return VersionTable(schema, name, tuple(later)).address(snapshot)


def save(
    settings: Settings,
    check: CachedCheck,
    facts: ServerFacts,
    stamped: Sequence[str],
    built: Snapshot,
) -> SavedCheck:
    """Cache the result of a full check. Errors of writing are ignored.

    Args:
        settings: The settings of the check.
        check: The result. Its digests are completed with those of earlier checks.
        facts: The facts about the live server.
        stamped: The revisions of the live database.
        built: The schema that the history builds at these revisions.
    """
    earlier = _load(settings)
    digests = earlier.digests if earlier is not None and earlier.files == check.files else {}
    digest_key = _digest_key(facts, sorted(stamped))
    digests[digest_key] = digest(built)
    check = replace(check, digests=digests)
    with contextlib.suppress(OSError):
        write_private(_path(settings), json.dumps(asdict(check)))
    return SavedCheck(check, digest_key)


def _load(settings: Settings) -> CachedCheck | None:
    try:
        return CachedCheck(**json.loads(read_private(_path(settings))))
    except (OSError, ValueError, TypeError):
        return None


def _path(settings: Settings) -> Path:
    """Return the path of the cache file for some settings and the installed versions."""
    return cache_directory() / "quick_checks" / f"{settings_digest(settings)}.json"


def settings_digest(settings: Settings) -> str:
    """Return a digest of the settings that a result depends on, and of the installed versions.

    Args:
        settings: The settings. The gaps and the database are left out.
    """
    relevant = replace(
        settings,
        database_url=None,
        fail_on=frozenset(),
        gaps=(),
        strict_coverage=False,
        ignore=(),
        baseline=Baseline(),
        guard=GuardSettings(),
    )
    base = fingerprint([settings.base_snapshot]) if settings.base_snapshot else ""
    environment = os.environ.get("FLASK_APP"), sys.executable, FORMAT, __version__
    return hashlib.sha256(repr((relevant, base, environment, _versions())).encode()).hexdigest()


@cache
def _versions() -> Sequence[str]:
    """Return the versions of packages on which the result of a replay depends."""
    return installed_versions(_PACKAGES)


def history_digest(directories: Sequence[str], root: Path) -> str:
    """Return a digest of all files of the history and of the project's configuration.

    Args:
        directories: The directories of the history.
        root: The project's directory.
    """
    files = files_in(map(Path, directories))
    configuration = (root / name for name in _CONFIGURATION)
    return fingerprint([*files, *(path for path in configuration if path.is_file())])


def _digest_key(facts: ServerFacts, stamped: Sequence[str]) -> str:
    """Return the key of a schema's digest: all that its replay depends on."""
    return hashlib.sha256(repr((facts.influences, list(stamped))).encode()).hexdigest()
