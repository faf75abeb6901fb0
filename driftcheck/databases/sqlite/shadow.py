"""Shadow databases of SQLite, in temporary files."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.databases.own_work import own_work
from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker
from driftcheck.errors import ShadowError
from driftcheck.storage.mark import Mark
from driftcheck.storage.shadow_names import shadow_name
from driftcheck.storage.temporary import make_temporary_directory


class SQLiteMaker(ShadowMaker):
    """Makes shadows as files in a new temporary directory."""

    def __init__(self, how: str) -> None:
        self._directory = make_temporary_directory("sqlite")
        super().__init__(how)

    @property
    def server_state(self) -> str:
        """The version of SQLite."""
        return sqlite3.sqlite_version

    @property
    def writes(self) -> str:
        """The directory of the files."""
        return f"files in {self._directory.parent}"

    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        name = shadow_name(purpose, mark)
        url = URL.create("sqlite", database=str(self._directory / f"{name}.sqlite"))
        # The mark is a number in the file's header, because a table would change the schema.
        token = str(int(mark.secret[:7], 16))
        return ShadowDatabase(url, name, token, "PRAGMA application_id", self)

    def _create(self, shadow: ShadowDatabase, template: ShadowDatabase | None) -> None:
        try:
            with own_work(), closing(sqlite3.connect(_file(shadow))) as connection:
                if template is not None:
                    with closing(sqlite3.connect(_file(template))) as source:
                        source.backup(connection)
                connection.execute(f"PRAGMA application_id = {shadow.token}")
        except sqlite3.Error as error:
            raise ShadowError(f"cannot create {_file(shadow)}", details=str(error)) from None

    def _destroy(self, shadow: ShadowDatabase) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            _file(shadow).with_name(_file(shadow).name + suffix).unlink(missing_ok=True)

    def stop_at_once(self) -> None:
        """Remove all files."""
        self._stop()

    def _stop(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def _file(shadow: ShadowDatabase) -> Path:
    return Path(str(shadow.url.database))
