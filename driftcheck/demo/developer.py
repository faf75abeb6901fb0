"""A developer in the demo: a checkout, a database, and commands whose results are checked."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.databases.postgresql.shadow.account import SERVER_DIRECTORY
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.demo.excerpts import flask_excerpt, report_excerpt
from driftcheck.demo.presenter import Presenter
from driftcheck.errors import CannotCheckError
from driftcheck.storage.cache_directory import VARIABLE

_INHERITED = VARIABLE, SERVER_DIRECTORY
_OTHER_SETTINGS = re.compile(r"PG|FLASK_|DRIFTCHECK_|DATABASE_URL\Z")
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'students' ORDER BY ordinal_position
"""
_EXCERPTS: dict[str, Callable[[str], str]] = {
    "flask": flask_excerpt,
    "driftcheck": report_excerpt,
}


class Developer:
    """A developer of the app.

    Args:
        name: The name in the prompt.
        checkout: The directory of the app.
        database: The URL of the developer's database.
        presenter: Shows the commands and their output.
    """

    def __init__(self, name: str, checkout: Path, database: URL, presenter: Presenter) -> None:
        self.checkout = checkout
        self._name = name
        self._database = database
        self._presenter = presenter

    def run(self, command: str, *, exit_code: int = 0, prints: tuple[str, ...] = ()) -> str:
        """Run a command, and show an excerpt of its output.

        Args:
            command: The command, as typed. Its first word is the name of a Python module.
            exit_code: The expected exit code.
            prints: Strings that the output must contain.

        Raises:
            CannotCheckError: The exit code or the output is not as expected.
        """
        self._show(command)
        arguments = shlex.split(command)
        code, output = self._run(arguments)
        output = output.replace(f"{self.checkout}{os.sep}", "")
        self._presenter.output(_EXCERPTS[arguments[0]](output))
        missing = [expected for expected in prints if expected not in output]
        if code == exit_code and not missing:
            return output
        failure = f"did not print {missing[0]!r}" if code == exit_code else f"exited with {code}"
        raise CannotCheckError(
            f"the demo failed: {command!r}, run by {self._name}, {failure}",
            details=output.strip(),
        )

    def psql(self, statement: str) -> None:
        """Run an SQL statement, and show it as in psql."""
        self._presenter.command(f"{self._database.database}=#", statement)
        with session(self._database) as cursor:
            cursor.execute(statement)
            self._presenter.output(cursor.statusmessage)

    def columns(self) -> list[str]:
        """The columns of the table students in this database."""
        with session(self._database) as cursor:
            cursor.execute(_COLUMNS)
            return [name for (name,) in cursor.fetchall()]

    def migration(self, message: str) -> Path:
        """The migration file with a message."""
        (file,) = self.checkout.glob(f"migrations/versions/*_{message.replace(' ', '_')}.py")
        return file

    def append(self, line: str) -> None:
        """Append a line to the app."""
        with (self.checkout / "app.py").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self._presenter.output(f"+{line}")

    def copy_from(self, other: Developer) -> None:
        """Copy the checkout of another developer into this one."""
        self._show(f"cp -R ../{other.checkout.name}/. .")
        shutil.copytree(other.checkout, self.checkout, dirs_exist_ok=True)

    def remove(self, file: Path) -> None:
        """Remove a migration file from this checkout."""
        self._show(f"rm migrations/versions/{file.name}")
        (self.checkout / "migrations" / "versions" / file.name).unlink()

    def _show(self, command: str) -> None:
        self._presenter.command(f"{self._name} $", command)

    def _run(self, arguments: list[str]) -> tuple[int, str]:
        # In a session of its own, so that Ctrl-C interrupts only this process. This process then
        # terminates the command once, and waits until the command has cleaned up.
        with subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=self.checkout,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        ) as process:
            try:
                output, _ = process.communicate()
            except BaseException:
                process.terminate()
                process.wait()
                raise
        return process.returncode, output

    def _environment(self) -> dict[str, str]:
        """The inherited environment without settings of other databases, apps and servers."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name in _INHERITED or not _OTHER_SETTINGS.match(name)
        }
        url = self._database.render_as_string(hide_password=False)
        return inherited | {"DATABASE_URL": url}
