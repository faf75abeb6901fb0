"""Answers "is there drift?" at once where everything is as the last check left it.

A check replays, or at least runs the project's own env.py, which imports its models: on a large
project that takes far longer than reading the live database. Where the database is named by
--database-url, drift alone is asked for, and no file of the history has changed since, all that
is left to find out is whether the live schema is still the one that the history builds. A digest
tells. When it does not agree, or anything else is new, a full check has to say what it is.

Nothing here imports SQLAlchemy or Alembic: that alone would take longer than the check.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from driftcheck import __version__
from driftcheck.chain import Gap
from driftcheck.config.settings import Settings
from driftcheck.databases.catalog import Scope, gc_paused
from driftcheck.databases.postgresql.catalog import PostgreSQLCatalog
from driftcheck.databases.postgresql.readonly import make_read_only
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.shadow.base import ServerFacts
from driftcheck.errors import CatalogError, ConnectionFailedError, NotAnsweredError
from driftcheck.judging.report import DatabaseReport, Report
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.schema_filter import within
from driftcheck.schema import Address, Snapshot
from driftcheck.sources.files import files_in, fingerprint
from driftcheck.sources.stamps import read_stamps
from driftcheck.storage.cache_directory import cache_directory, read_private, write_private
from driftcheck.storage.snapshot_file import FORMAT, digest

_LIBPQ_URL = re.compile(r"postgres(?:ql)?(?:\+psycopg2?)?://(.*)", re.DOTALL)
_PACKAGES = ("alembic", "sqlalchemy", "flask-migrate")
_CONFIGURATION = ("alembic.ini", "pyproject.toml", ".env", ".flaskenv")
_NO_MATTER = frozenset({"identity", "database"})


@dataclass(frozen=True)
class Memo:
    """What a full check leaves for the next one.

    Attributes:
        project: The project's name.
        places: The directories of the history.
        files: A digest of all that is in them.
        heads: The heads of the history.
        version_tables: Where the revisions are kept, as (schema, name).
        database: The name that the report gives the database.
        answers: The digest of the schema that the history builds, by what it is built for: the
            server's facts and the revisions.
        shadows: Where the shadow databases were made.
        notes: What the report says besides.
    """

    project: str
    places: Sequence[str]
    files: str
    heads: Sequence[str]
    version_tables: Sequence[Sequence[str]]
    database: str
    answers: dict[str, str]
    shadows: str
    notes: Sequence[str]


def quick_report(settings: Settings) -> Report | None:
    """Report that there is no drift, or say nothing.

    Args:
        settings: What to check, and how.

    Raises:
        NotAnsweredError: The live database does not answer in time.
    """
    dsn = _dsn(settings)
    memo = _recall(settings) if dsn is not None else None
    if memo is None or memo.files != history_digest(memo.places, settings.root):
        return None
    # Other databases do without.
    import psycopg2  # noqa: PLC0415

    from driftcheck.databases import psycopg2_deadlines as watched  # noqa: PLC0415

    try:
        connection = watched.connect(_shown(settings), dsn, application_name="driftcheck")
    except psycopg2.Error:
        return None  # the full check says why
    try:
        make_read_only(connection)
        with gc_paused():
            return _report(settings, memo, connection)
    except NotAnsweredError:
        raise  # the full check would wait as long
    except (psycopg2.Error, ConnectionFailedError, CatalogError):
        return None
    finally:
        connection.close()


def _dsn(settings: Settings) -> str | None:
    """The live database as libpq takes it, where a quick answer could do."""
    if settings.gaps != (Gap.DRIFT,) or not settings.cache or settings.bootstrap is not None:
        return None
    match = _LIBPQ_URL.fullmatch(settings.database_url or "")
    return match and f"postgresql://{match[1]}"


def _report(settings: Settings, memo: Memo, connection: Any) -> Report | None:
    facts = read_facts(connection)
    catalog = PostgreSQLCatalog()
    scope = Scope(grants=settings.grants, owners=settings.owners, settings=settings.settings)
    snapshot = catalog.read(connection, scope)
    tables = [_address(table, snapshot) for table in memo.version_tables]
    if not all(table in snapshot.objects for table in tables):
        return None
    stamped = sorted({r for table in tables for r in read_stamps(connection, table)})
    seen = within(snapshot.without(tables), settings.schemas)
    if seen.remarks or digest(seen) != memo.answers.get(_question(facts, stamped)):
        return None
    database = DatabaseReport(
        name=memo.database or facts.database,
        location=_shown(settings),
        dialect="postgresql",
        server_version=snapshot.server_version,
        stamped=tuple(stamped),
        heads=tuple(memo.heads),
        findings=(),
        coverage=coverage(seen, catalog, replace(scope, schemas=settings.schemas or None)),
        gaps=settings.gaps,
        replay="cached",
        shadows=memo.shadows,
        notes=tuple(memo.notes),
    )
    return Report(
        memo.project, (database,), settings.fail_on, strict_coverage=settings.strict_coverage
    )


def _address(table: Sequence[str], snapshot: Snapshot) -> Address:
    schema, name = table
    return Address("table", schema or snapshot.default_schema, (name,))


def _shown(settings: Settings) -> str:
    """The live database without its password or the parameters of the connection."""
    url = urlsplit(settings.database_url or "")
    host = url.netloc.rpartition("@")[2]
    user = url.username
    text = urlunsplit(("postgresql", f"{user}@{host}" if user else host, url.path, "", ""))
    sockets = () if host else parse_qs(url.query).get("host", ())
    return "?host=".join((text, *sockets))


def remember(
    settings: Settings, memo: Memo, facts: ServerFacts, stamped: Sequence[str], built: Snapshot
) -> None:
    """Leave the answer for the next check.

    Args:
        settings: What was checked, and how.
        memo: What was learnt of the project.
        facts: The live server's.
        stamped: The revisions of the live database.
        built: What the history builds at these.
    """
    before = _recall(settings)
    answers = before.answers if before is not None and before.files == memo.files else {}
    answers[_question(facts, sorted(stamped))] = digest(built)
    with contextlib.suppress(OSError):
        write_private(_path(settings), json.dumps(asdict(replace(memo, answers=answers))))


def _recall(settings: Settings) -> Memo | None:
    try:
        return Memo(**json.loads(read_private(_path(settings))))
    except (OSError, ValueError, TypeError):
        return None


def _path(settings: Settings) -> Path:
    """Where the memo is kept: for these settings, read by these versions."""
    others = replace(
        settings,
        database_url=None,
        fail_on=frozenset(),
        gaps=(),
        strict_coverage=False,
        ignore=(),
    )
    base = fingerprint([settings.base_snapshot]) if settings.base_snapshot else ""
    said = others, base, os.environ.get("FLASK_APP"), sys.executable, FORMAT, __version__
    versions = [version(package) for package in _PACKAGES]
    key = hashlib.sha256(repr((said, versions)).encode()).hexdigest()
    return cache_directory() / "memos" / f"{key}.json"


def history_digest(places: Sequence[str], root: Path) -> str:
    """A digest of everything that the history is made of, and of the project's configuration."""
    files = files_in(map(Path, places))
    configuration = (root / name for name in _CONFIGURATION)
    return fingerprint([*files, *(path for path in configuration if path.is_file())])


def _question(facts: ServerFacts, stamped: Sequence[str]) -> str:
    """What the answer is an answer to: what of the server a replay depends on, and how far."""
    said = {key: value for key, value in asdict(facts).items() if key not in _NO_MATTER}
    said["extensions"] = sorted(facts.extensions)
    return hashlib.sha256(repr((sorted(said.items()), list(stamped))).encode()).hexdigest()
