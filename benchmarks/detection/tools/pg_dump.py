"""``pg_dump -s``, its lines put in order, so that only what they say counts."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from sqlalchemy import Connection

from driftcheck.databases.postgresql.shadow.binaries import embedded_installations

NAME = "pg_dump -s, sorted"
COMMITTED = True
_MARK = re.compile(r"\\(un)?restrict .*")  # another in each dump


def version() -> str:
    """Its version."""
    return _run("--version").strip()


class Tool:
    """Dumps what is committed."""

    def __init__(self, connection: Connection) -> None:
        del connection  # it needs to have seen nothing

    def says(self, connection: Connection, *, privileges: bool) -> str:
        """The dump's lines in order."""
        return "\n".join(sorted(self.as_it_comes(connection, privileges=privileges).split("\n")))

    def as_it_comes(self, connection: Connection, *, privileges: bool) -> str:
        """The dump."""
        url = connection.engine.url.set(drivername="postgresql")
        options = [] if privileges else ["--no-owner", "--no-privileges"]
        text = _run("-s", *options, "-d", url.render_as_string(hide_password=False))
        return "\n".join(line for line in text.split("\n") if not _MARK.fullmatch(line))


def _run(*arguments: str) -> str:
    newest: Path = max(embedded_installations(), key=lambda one: one.major).bin / "pg_dump"
    return subprocess.run([newest, *arguments], capture_output=True, text=True, check=True).stdout
