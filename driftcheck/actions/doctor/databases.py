"""Checks the databases of a project: driver, server, rights, stamp, and where shadows are made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy.engine import URL

from driftcheck.actions.doctor.installation import version_of
from driftcheck.config.settings import Settings
from driftcheck.databases.access import Access
from driftcheck.databases.connection_remedies import connection_remedy
from driftcheck.databases.location import DatabaseKey, database_key_of, shown
from driftcheck.databases.registry import database_for
from driftcheck.errors import CatalogError, ConnectionFailedError, DriftcheckError
from driftcheck.judging.diagnosis import Check, Status, failed
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.selection import reading_scope
from driftcheck.project.environment import Configured, LoadedProject
from driftcheck.sources.live import Live, read_live, reading


class DatabaseExamination:
    """Checks the databases of a project.

    Args:
        settings: The settings.
        shadows: Makes the shadow databases.
        loaded: The project; ``None`` if it could not be loaded.
    """

    def __init__(self, settings: Settings, shadows: Shadows, loaded: LoadedProject | None) -> None:
        self._settings = settings
        self._shadows = shadows
        self._loaded = loaded

    def checks(self, others: Sequence[DatabaseKey]) -> Iterator[Check]:
        """Yield the checks of each database.

        Args:
            others: Databases that are known without the project.
        """
        environment = None if self._loaded is None else self._loaded.environment
        databases = {} if environment is None else environment.databases
        done: set[DatabaseKey] = set()
        keys = (*databases, *others)
        for key in keys:
            try:
                live = self._shadows.live_url(key)
            except DriftcheckError as error:
                yield failed("server", error)
                continue
            if database_key_of(live) not in done:
                done.add(database_key_of(live))
                checks = self._database(key, live, databases.get(key, ()))
                yield from map(_named, checks) if len(keys) > 1 else checks
        if not keys:
            yield Check("server", Status.SKIPPED, "the database is not known yet")

    def _database(
        self, key: DatabaseKey, live: URL, configured: Sequence[Configured]
    ) -> Iterator[Check]:
        name = shown(live)
        if configured:
            yield _driver_check(configured[0].driver, name)
        try:
            access = self._access(live)
        except DriftcheckError as error:
            remedy = (
                connection_remedy(f"{error.message}\n{error.details}")
                if isinstance(error, ConnectionFailedError)
                else ""
            )
            yield failed("server", error, database=name, remedy=remedy)
        else:
            yield _server_check(access, name)
            yield from self._reading(access, live, configured, name)
        yield self._shadow_check(key, name)

    def _access(self, live: URL) -> Access:
        with reading(live) as connection:
            return database_for(live.get_backend_name()).read_access(connection, live)

    def _reading(
        self, access: Access, live: URL, configured: Sequence[Configured], name: str
    ) -> Iterator[Check]:
        """Read the live database as every check does."""
        tables = [each.alembic_table for each in configured]
        began = time.monotonic()
        try:
            found = read_live(live, tables, reading_scope(self._settings))
        except CatalogError as error:
            yield failed("rights", error, database=name)
            return
        count, seconds = len(found.snapshot.objects), time.monotonic() - began
        message = f"{count} object{'s' * (count != 1)} read in {seconds:.1f} s"
        if access.user:
            message = f"{access.user}: {message}"
        hidden = access.hidden
        yield Check(
            "rights",
            Status.WARNING if hidden else Status.OK,
            message,
            (*access.rights, *(each.message for each in hidden)),
            remedy=" ".join(dict.fromkeys(each.remedy for each in hidden)),
            database=name,
        )
        if configured:
            yield self._stamp_check(found, name)

    def _stamp_check(self, live: Live, name: str) -> Check:
        loaded, stamped = self._loaded, live.stamped
        assert loaded is not None  # noqa: S101  (else no database is configured)
        if not stamped:
            what = "no version table" if stamped is None else "an empty version table"
            return Check(
                "stamp",
                Status.WARNING,
                f"the database has {what}: no migration has run on it",
                remedy=f"Run {loaded.upgrade_command}; or, if its schema exists already, see which "
                f"revision it matches: {loaded.project.driftcheck_command('locate')}",
                database=name,
            )
        unknown = sorted(set(stamped) - loaded.revisions())
        if unknown:
            return Check(
                "stamp",
                Status.WARNING,
                f"stamped with {', '.join(unknown)}, which the migrations do not have",
                remedy=f"{loaded.project.driftcheck_command('compare')} says where they may be.",
                database=name,
            )
        return Check("stamp", Status.OK, f"stamped with {', '.join(stamped)}", database=name)

    def _shadow_check(self, key: DatabaseKey, name: str) -> Check:
        """Return where shadow databases are made, why, and why not elsewhere."""
        try:
            maker = self._shadows.maker(key)
        except DriftcheckError as error:
            return failed("shadow", error, database=name)
        facts = [*maker.notes, f"it writes {maker.writes}"]
        facts += [f"passed over: {each}" for each in maker.passed_over]
        return Check(
            "shadow",
            Status.WARNING if maker.notes else Status.OK,
            maker.how.rstrip("."),
            tuple(facts),
            remedy="A server like that of the live database gives the same definitions for "
            "certain: install one of the same major version here, or name one with --shadow URL."
            if maker.notes
            else "",
            database=name,
        )


def _named(check: Check) -> Check:
    """Return a check with the name of its database in the message."""
    if check.database in check.message:
        return check
    return replace(check, message=f"{check.database}: {check.message}")


def _driver_check(driver: str, name: str) -> Check:
    module = driver.partition("+")[2].removesuffix("_async")
    number = version_of(module, f"{module}-binary", "mysqlclient" if module == "mysqldb" else "")
    return Check("driver", Status.OK, f"{driver} {number}".rstrip(), database=name)


def _server_check(access: Access, name: str) -> Check:
    encryption = access.encryption or ("local connection" if access.is_local else "not encrypted")
    message = f"{access.server} at {name}, {encryption}"
    if access.oldest:
        remedy = f"driftcheck supports {access.oldest} and newer. Upgrade the server."
    elif not access.encryption and not access.is_local:
        remedy = access.how_to_encrypt
    else:
        return Check("server", Status.OK, message, database=name)
    return Check("server", Status.WARNING, message, remedy=remedy, database=name)
