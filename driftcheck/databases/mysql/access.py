"""Reads what a connection can do in a MySQL or MariaDB database."""

from __future__ import annotations

import re
from contextlib import closing
from typing import Any

from driftcheck.databases.access import Access, Hidden
from driftcheck.databases.mysql.catalog.kind import quote, rows
from driftcheck.databases.mysql.catalog.routines import HIDDEN_ROUTINES
from driftcheck.databases.mysql.catalog.views import HIDDEN_VIEWS
from driftcheck.databases.reading import Cursor

_OLDEST = {"MariaDB": (10, 3), "MySQL": (5, 7)}
_FACTS = "SELECT VERSION() AS version, CURRENT_USER() AS user, DATABASE() AS name"
_TLS = "SHOW SESSION STATUS LIKE 'Ssl_version'"
_VIEWS = f"SELECT table_name {HIDDEN_VIEWS} ORDER BY 1"
_ROUTINES = f"SELECT routine_name {HIDDEN_ROUTINES} ORDER BY 1"
# Objects of these kinds are listed only for a user with the privilege.
# Source: MySQL manual, INFORMATION_SCHEMA TRIGGERS and EVENTS.
_LISTED_WITH = {"TRIGGER": "triggers", "EVENT": "events"}
_GRANT = re.compile(r"GRANT (?P<names>.*?) ON (?P<place>\S+|`[^`]*`\S*) TO ", re.DOTALL)
_PATTERN_PARTS = re.compile(r"\\?.", re.DOTALL)
_WILDCARDS = {"%": ".*", "_": "."}


def read_access(connection: Any, host: str) -> Access:
    """Read what a connection can do.

    Args:
        connection: A DB-API connection to a live database.
        host: The host of its URL; empty for a Unix socket.
    """
    with closing(connection.cursor()) as cursor:
        (facts,) = rows(cursor, _FACTS)
        system = "MariaDB" if "MariaDB" in facts["version"] else "MySQL"
        version = facts["version"].partition("-")[0]
        numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
        oldest = _OLDEST[system]
        return Access(
            server=f"{system} {version}",
            user=facts["user"],
            encryption=next((row["value"] for row in rows(cursor, _TLS)), ""),
            how_to_encrypt="Others on the network can read what is sent. If the server has TLS, "
            "set the arguments of the driver for it in the URL.",
            is_local=host in ("", "localhost", "::1") or host.startswith("127."),
            oldest="" if numbers >= oldest else f"{system} {'.'.join(map(str, oldest))}",
            rights=(f"it has the grants {'; '.join(_grants(cursor)) or 'none'}",),
            hidden=tuple(_hidden(cursor, facts["name"], facts["user"])),
        )


def _hidden(cursor: Cursor, database: str, user: str) -> list[Hidden]:
    """Return what the user cannot read. Privileges by a role that is not active do not count."""
    found = []
    to = "@".join(f"'{part}'" for part in user.rsplit("@", 1))
    for query, what, grant in (
        (_VIEWS, "the definition of the view", f"SHOW VIEW, SELECT ON {quote(database)}.*"),
        (_ROUTINES, "the body of the routine", "SELECT ON mysql.*"),
    ):
        for row in rows(cursor, query):
            name = next(iter(row.values()))
            remedy = f"Have an administrator run: GRANT {grant} TO {to};"
            found.append(Hidden(f"{what} {name} cannot be read, so it is not compared", remedy))
    held = _privileges(cursor, database)
    for privilege, kind in _LISTED_WITH.items():
        if held.isdisjoint({privilege, "ALL PRIVILEGES"}):
            grant = f"GRANT {privilege} ON {quote(database)}.* TO {to};"
            found.append(
                Hidden(
                    f"SHOW GRANTS has no {privilege} on the whole database, so {kind} may be "
                    "missing in what is read",
                    f"If the database has {kind}, have an administrator run: {grant}",
                )
            )
    return found


def _grants(cursor: Cursor) -> list[str]:
    """Return the privileges with their places, without passwords and without the user."""
    return [f"{match['names']} ON {match['place']}" for match in _matches(cursor)]


def _privileges(cursor: Cursor, database: str) -> set[str]:
    """Return the privileges on the whole database."""
    return {
        name.strip().upper()
        for match in _matches(cursor)
        if _includes(match["place"], database)
        for name in match["names"].split(",")
    }


def _matches(cursor: Cursor) -> list[re.Match[str]]:
    cursor.execute("SHOW GRANTS")
    texts = [str(row[0]) for row in cursor.fetchall()]
    return [match for text in texts if (match := _GRANT.match(text))]


def _includes(place: str, database: str) -> bool:
    """Return whether a grant is on a whole database. Its name may be a pattern, as for LIKE."""
    name, _, table = place.rpartition(".")
    if table != "*":
        return False
    parts = _PATTERN_PARTS.findall(name.strip("`").replace("``", "`"))
    pattern = "".join(_WILDCARDS.get(part, re.escape(part[-1])) for part in parts)
    return name == "*" or re.fullmatch(pattern, database) is not None
