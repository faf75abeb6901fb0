"""One of the story's people: a checkout, a database, and commands that must do as told."""

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
from driftcheck.demo.teller import Teller
from driftcheck.demo.trimming import of_driftcheck, of_flask
from driftcheck.errors import CannotCheckError
from driftcheck.storage.cache_directory import VARIABLE

_KEPT = VARIABLE, SERVER_DIRECTORY
_OTHERS_SETTINGS = re.compile(r"PG|FLASK_|DRIFTCHECK_|DATABASE_URL\Z")
_COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name = 'students' ORDER BY ordinal_position
"""
_TRIMMERS: dict[str, Callable[[str], str]] = {"flask": of_flask, "driftcheck": of_driftcheck}


class Developer:
    """Somebody who works on the app.

    Args:
        name: As the prompt has it.
        checkout: Their directory, with the app in it.
        database: Their database.
        teller: Is shown what they type, and what they see.
    """

    def __init__(self, name: str, checkout: Path, database: URL, teller: Teller) -> None:
        self.checkout = checkout
        self._name = name
        self._database = database
        self._teller = teller

    def run(self, command: str, *, exits: int = 0, says: tuple[str, ...] = ()) -> str:
        """Run a Python program's command, and show what matters of its output.

        Args:
            command: As it is typed; its first word is a module that can be run.
            exits: The exit code that it must have.
            says: What it must print.

        Raises:
            CannotCheckError: It did otherwise.
        """
        self._typed(command)
        arguments = shlex.split(command)
        code, output = self._run(arguments)
        output = output.replace(f"{self.checkout}{os.sep}", "")
        self._teller.output(_TRIMMERS[arguments[0]](output))
        missing = [text for text in says if text not in output]
        if code == exits and not missing:
            return output
        fault = f"did not print {missing[0]!r}" if code == exits else f"exited with {code}"
        raise CannotCheckError(
            f"the demo went another way: {command!r}, run by {self._name}, {fault}",
            details=output.strip(),
        )

    def psql(self, statement: str) -> None:
        """Run a statement, and show it as psql would."""
        self._teller.typed(f"{self._database.database}=#", statement)
        with session(self._database) as cursor:
            cursor.execute(statement)
            self._teller.output(cursor.statusmessage)

    def columns(self) -> list[str]:
        """The columns that students has in this database."""
        with session(self._database) as cursor:
            cursor.execute(_COLUMNS)
            return [name for (name,) in cursor.fetchall()]

    def migration(self, message: str) -> Path:
        """The migration that was written with a message."""
        (found,) = self.checkout.glob(f"migrations/versions/*_{message.replace(' ', '_')}.py")
        return found

    def append(self, line: str) -> None:
        """Add a line to the end of the app."""
        with (self.checkout / "app.py").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")
        self._teller.output(f"+{line}")

    def take_from(self, other: Developer) -> None:
        """Copy another's checkout into this one."""
        self._typed(f"cp -R ../{other.checkout.name}/. .")
        shutil.copytree(other.checkout, self.checkout, dirs_exist_ok=True)

    def remove(self, file: Path) -> None:
        """Remove a file, which the other's checkout may have too, from this one."""
        self._typed(f"rm migrations/versions/{file.name}")
        (self.checkout / "migrations" / "versions" / file.name).unlink()

    def _typed(self, command: str) -> None:
        self._teller.typed(f"{self._name} $", command)

    def _run(self, arguments: list[str]) -> tuple[int, str]:
        # Out of reach of Ctrl-C: it is us who are interrupted, and who end the command in turn,
        # once, and let it clean up after itself.
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
        """What was inherited, without what would lead elsewhere."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name in _KEPT or not _OTHERS_SETTINGS.match(name)
        }
        url = self._database.render_as_string(hide_password=False)
        return kept | {"DATABASE_URL": url}
