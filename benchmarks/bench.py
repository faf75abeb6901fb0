"""A private PostgreSQL server with databases and projects for the benchmarks."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL

from benchmarks.measuring import Command
from benchmarks.project import ENV, Project
from driftcheck.databases.connection import connect
from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker

REVISIONS = 50
_REPOSITORY = Path(__file__).parent.parent


@dataclass(frozen=True)
class Bench:
    """What every benchmark gets.

    Attributes:
        directory: An empty directory.
        maker: Creates databases on the private server.
        tables: The sizes of the projects.
        rounds: How many pairs of commands are run.
        large: Whether the sizes are measured that take long.
    """

    directory: Path
    maker: ShadowMaker
    tables: Sequence[int]
    rounds: int
    large: bool

    def written(self, tables: int, revisions: int = REVISIONS, env: str = ENV) -> Site:
        """Write a project with a new, empty database.

        Args:
            tables: The number of its tables.
            revisions: The number of its revisions.
            env: The text of ``env.py``.
        """
        number = sum(1 for _ in self.directory.iterdir())
        directory = self.directory / str(number)
        project = Project(directory, tables=tables, revisions=revisions, env=env)
        site = Site(project, self.maker.make(f"bench{number}"))
        project.connect(text_of(site.url))
        return site

    def upgraded(self, tables: int, revisions: int = REVISIONS, env: str = ENV) -> Site:
        """Write a project, and upgrade its new database to the head.

        Args:
            tables: The number of its tables.
            revisions: The number of its revisions.
            env: The text of ``env.py``.
        """
        site = self.written(tables, revisions, env)
        site.alembic("upgrade", "head").run()
        return site


@dataclass(frozen=True)
class Site:
    """A project with its database.

    Attributes:
        project: The project.
        database: The database.
    """

    project: Project
    database: ShadowDatabase

    @property
    def url(self) -> URL:
        """The URL of the database."""
        return self.database.url

    @property
    def cache(self) -> Path:
        """The cache directory, so that the benchmark finds and leaves nothing."""
        return self.project.directory / ".cache"

    @property
    def environment(self) -> Mapping[str, str]:
        """The environment of every command."""
        path = os.pathsep.join((str(self.project.directory), str(_REPOSITORY)))
        return {**os.environ, "DRIFTCHECK_CACHE_DIR": str(self.cache), "PYTHONPATH": path}

    def alembic(self, *arguments: str) -> Command:
        """A command of Alembic. ``alembic check`` exits with 255 if the models have changed."""
        return self.python("-m", "alembic", *arguments, codes=(0, 255))

    def driftcheck(self, *arguments: str) -> Command:
        """A command of driftcheck, which exits with 1 if there are findings."""
        return self.python("-m", "driftcheck", *arguments, codes=(0, 1))

    def python(self, *arguments: str, codes: Sequence[int] = (0,)) -> Command:
        """A command of this Python interpreter in the directory of the project."""
        command = [sys.executable, *arguments]
        return Command(command, self.project.directory, self.environment, codes)

    def forget(self) -> None:
        """Remove the cache."""
        shutil.rmtree(self.cache, ignore_errors=True)

    def execute(self, statements: Iterable[str]) -> None:
        """Run statements in the database."""
        execute(self.url, statements)

    def postmaster(self) -> int | None:
        """Return the main process of the server; ``None`` without /proc."""
        with closing(connect(self.url)) as connection:
            backend = Path(f"/proc/{connection.info.backend_pid}/status")
            if not backend.exists():
                return None
            lines = backend.read_text(encoding="utf-8").splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def text_of(url: URL) -> str:
    """Return a URL as text, with its password."""
    return url.render_as_string(hide_password=False)


def execute(url: URL, statements: Iterable[str]) -> None:
    """Run statements outside of a transaction.

    Args:
        url: The database.
        statements: The statements.
    """
    with closing(connect(url)) as connection:
        connection.autocommit = True
        for statement in statements:
            connection.cursor().execute(statement)
