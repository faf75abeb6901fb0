"""Shadow databases in temporary files, for SQLite."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.databases.shadow.base import ShadowDatabase, ShadowMaker, shadow_name
from driftcheck.databases.shadow.mark import NAME_PREFIX, Mark
from driftcheck.errors import ShadowError
from driftcheck.ownwork import own_work

_MARK_FILE = "driftcheck-shadow"


class SqliteMaker(ShadowMaker):
    """Makes shadows as files in a temporary directory of its own."""

    def __init__(self, how: str) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix=NAME_PREFIX)).resolve()
        (self._directory / _MARK_FILE).write_text(str(Mark.new()), encoding="utf-8")
        super().__init__(how)
        self.sweep()

    def sweep(self) -> tuple[Path, ...]:
        """Remove the directories that killed runs left behind, known by their marks."""
        abandoned = tuple(
            directory
            for directory in self._directory.parent.glob(f"{NAME_PREFIX}*")
            if _is_abandoned(directory)
        )
        for directory in abandoned:
            shutil.rmtree(directory, ignore_errors=True)
        return abandoned

    def _plan(self, purpose: str, mark: Mark) -> ShadowDatabase:
        name = shadow_name(purpose, mark)
        url = URL.create("sqlite", database=str(self._directory / f"{name}.sqlite"))
        # A number in the file's header: a table would be a part of the schema.
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
            raise ShadowError(f"cannot make {_file(shadow)}", details=str(error)) from None

    def _destroy(self, shadow: ShadowDatabase) -> None:
        for suffix in ("", "-journal", "-wal", "-shm"):
            _file(shadow).with_name(_file(shadow).name + suffix).unlink(missing_ok=True)

    def stop_at_once(self) -> None:
        """Remove all the files."""
        self._stop()

    def _stop(self) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)


def _file(shadow: ShadowDatabase) -> Path:
    return Path(str(shadow.url.database))


def _is_abandoned(directory: Path) -> bool:
    try:
        mark = Mark.parse((directory / _MARK_FILE).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):  # no mark, or somebody else's
        return False
    return mark is not None and mark.is_abandoned
