"""A private PostgreSQL server, on a socket that only this user can reach."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psycopg2
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.account import SERVER_DIRECTORY, Account
from driftcheck.databases.postgresql.shadow.binaries import Installation
from driftcheck.databases.postgresql.shadow.maker import without_hostaddr
from driftcheck.databases.postgresql.shadow.programs import reachable_programs
from driftcheck.databases.postgresql.shadow.slot import Slot
from driftcheck.errors import DriftcheckError, ShadowError
from driftcheck.process.state import note_server

SUPERUSER = "postgres"
_PORT = 5432
_SOCKET = f"/.s.PGSQL.{_PORT}"
_LONGEST_SOCKET_PATH = 103
"""The maximal length in bytes of a socket's path, on Linux and on macOS."""
_START_SECONDS, _STOP_SECONDS = 60, 5
_POLL_SECONDS = 0.002
"""How often is looked for the end of a start or a stop. ``pg_ctl`` looks 10 times in a second."""
_READY, _STATUS_LINE = "ready", 7
"""The status in the PID file and its line. Source: PostgreSQL, src/include/utils/pidfile.h."""

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # All data can be created again, so the server does not wait for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # A replay may touch thousands of tables in one transaction.
    "max_locks_per_transaction": "1024",
    "shared_buffers": "64MB",
    # These are useless for small databases that exist for a short time.
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "fatal",
}


class PrivateServer:
    """A running server. ``start`` starts it.

    The data directory is kept for the next run, because creating it takes longer than a start.

    Attributes:
        installation: The programs of the server.
    """

    def __init__(
        self,
        installation: Installation,
        account: Account,
        slot: Slot,
        programs: Path | None = None,
    ) -> None:
        self.installation = installation
        self._account = account
        self._slot = slot
        self._bin = programs or installation.bin
        self._runs = self._has_begun = False
        self._starting: subprocess.Popen[str] | None = None

    @classmethod
    def start(cls, installation: Installation) -> PrivateServer:
        """Start a server, and create its data directory if it does not exist.

        A server that ``begin_early`` has begun to start is waited for.

        Raises:
            ShadowError: The server does not start.
        """
        return (_early.pop(installation, None) or cls._begun(installation)).started()

    @classmethod
    def begin_early(cls, installation: Installation) -> None:
        """Begin to start a server that will probably be needed, and do not wait for it.

        Raises:
            ShadowError: It cannot be started.
        """
        _early[installation] = cls._begun(installation)

    @staticmethod
    def stop_early() -> None:
        """Stop the servers that ``begin_early`` has started and that were not needed."""
        while _early:
            _early.popitem()[1].stop()

    @classmethod
    def _begun(cls, installation: Installation) -> PrivateServer:
        account = Account.for_servers()
        key = hashlib.sha256(f"{installation.bin}\n{installation.version}".encode()).hexdigest()
        slot = Slot.take(account.home(), f"{installation.major}-{key[:8]}")
        server = cls(installation, account, slot)
        try:
            server._begin()
        except BaseException:
            server.stop()
            raise
        return server

    def started(self) -> PrivateServer:
        """Wait until the server runs, and return it.

        Raises:
            ShadowError: The server does not start.
        """
        try:
            self._finish()
            self._stop_others()
        except BaseException:
            self.stop()  # after an interrupt, the server may have started nevertheless
            raise
        return self

    def url(self, user: str = SUPERUSER, database: str = "postgres") -> URL:
        """Return the URL of a database of this server."""
        return URL.create(
            "postgresql+psycopg2",
            username=user,
            database=database,
            query={"host": str(self._socket_directory), "port": str(_PORT)},
        )

    def stop(self) -> None:
        """Stop the server, and free its slot for the next process.

        The mode is *fast*. After the shadows are dropped, it takes no longer than *immediate*, and
        the next start needs no recovery.
        """
        note_server(self._pid_file, runs=False)
        try:
            self._end_start()
            # If its directory was removed, the server stops by itself.
            with contextlib.suppress(ShadowError):
                is_ours = self._runs or self._has_begun  # otherwise, the PID file is an old one
                if is_ours and not self._shuts_down():
                    self._pg_ctl("stop", "--mode", "fast")
            if self._socket_directory != self._slot.path:
                with contextlib.suppress(OSError):
                    self._socket_directory.rmdir()
        finally:
            self._slot.free()

    def stop_at_once(self) -> None:
        """Stop the server in the mode *immediate*, without waiting."""
        note_server(self._pid_file, runs=False)
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(self._pid_file.read_text().split()[0])
            os.kill(pid, signal.SIGQUIT)

    def recreate(self) -> None:
        """Delete the data directory, create it again, and start the server.

        Raises:
            ShadowError: The server does not start.
        """
        self._stop_now()
        for directory in (self._data, self._incomplete):
            shutil.rmtree(directory, ignore_errors=True)
        self._initialise()
        problem = self._launch()
        if problem:
            raise ShadowError(
                f"{self.installation} does not start",
                hint=f"Read its log, {self._log}. Set {SERVER_DIRECTORY} to use another directory.",
                details=problem,
            )

    @property
    def directories(self) -> str:
        """The directory of the data and, if it is another one, that of the socket."""
        return " and ".join(dict.fromkeys(map(str, (self._slot.path, self._socket_directory))))

    @property
    def is_offline(self) -> bool:
        """Whether the server has no access to networks and to sockets of other programs."""
        return self._offline_sign.exists()

    @property
    def _offline_sign(self) -> Path:
        return self._slot.path / "offline"

    @property
    def _log(self) -> Path:
        return self._slot.path / "log"

    @property
    def _data(self) -> Path:
        return self._slot.path / "data"

    @property
    def _incomplete(self) -> Path:
        return self._slot.path / "incomplete"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    @property
    def _socket_directory(self) -> Path:
        if len(os.fsencode(self._slot.path)) + len(_SOCKET) <= _LONGEST_SOCKET_PATH:
            return self._slot.path
        digest = hashlib.sha256(os.fsencode(self._slot.path)).hexdigest()[:16]
        return Path("/tmp") / f"driftcheck-{digest}"  # noqa: S108  (private_directory checks it)

    def _begin(self) -> None:
        """Begin to start the server if its data is valid, and do not wait for it."""
        self._account.directory(self._slot.path)
        self._account.directory(self._socket_directory)
        self._bin = reachable_programs(self.installation, self._account, self._slot.path)
        if self._answers():  # left running by a killed process
            if self.is_offline:
                self._runs = True
                note_server(self._pid_file, runs=True)
                return
            self._stop_now()
        # With fsync off, the data is only valid after a regular shutdown, which removes the file
        # with the process ID.
        if self._data.exists() and not self._pid_file.exists():
            self._begin_launch()

    def _finish(self) -> None:
        """Wait until the server runs. If it does not, or has no valid data, create it again."""
        if not (self._runs or (self._has_begun and not self._end_launch() and self._answers())):
            self.recreate()

    def _stop_others(self) -> None:
        """Stop the servers of killed processes in other slots."""
        for slot in Slot.take_used(self._account.home()):
            # pg_ctl of any version can stop a server of any version.
            server = PrivateServer(self.installation, self._account, slot, self._bin)
            if server._pid_file.exists() and server._answers():
                server._stop_now()

    def _stop_now(self) -> None:
        """Stop the server if it runs: *fast*, and *immediate* if that takes too long."""
        if self._pg_ctl("stop", "--mode", "fast", "--timeout", str(_STOP_SECONDS)) is not None:
            self._pg_ctl("stop", "--mode", "immediate")

    def _answers(self) -> bool:
        try:
            connection = connect(without_hostaddr(self.url()))
        except DriftcheckError:
            return False
        try:
            with connection.cursor() as cursor:
                cursor.execute("SHOW data_directory")
                return bool(cursor.fetchone() == (str(self._data),))
        except (psycopg2.Error, DriftcheckError):
            return False
        finally:
            connection.close()

    def _initialise(self) -> None:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        if self.installation.major >= 18:  # noqa: PLR2004  (checksums are the default since 18)
            options.append("--no-data-checksums")
        command = [str(self._bin / "initdb"), f"--username={SUPERUSER}", *options]
        command += ["--pgdata", str(self._incomplete)]
        done = self._account.run(command, directory=self._slot.path)
        if done.returncode:
            raise ShadowError(f"initdb of {self.installation} failed", details=done.stdout.strip())
        self._incomplete.rename(self._data)

    def _launch(self) -> str:
        """Start the server, and return the reason if it does not start, else an empty string."""
        self._begin_launch()
        return self._end_launch()

    def _begin_launch(self) -> None:
        """Begin to start the server, and do not wait for it."""
        self._end_start()
        self._has_begun = True
        note_server(self._pid_file, runs=True)
        self._starting = self._account.start_offline(
            self._starter, directory=self._slot.path, sign=self._offline_sign
        )

    def _end_launch(self) -> str:
        """Wait until the server runs, and return the reason if it does not, else an empty string.

        It is ready before ``pg_ctl`` finds out, which is waited for at the end.
        """
        if self._starting is not None:
            while self._starting.poll() is None:
                if self._is_ready():
                    return ""
                time.sleep(_POLL_SECONDS)
            code, output = self._starting.returncode, self._end_start()
            if code == 0:
                return ""
            if self.is_offline:
                return self._reason(output)
        # Python did not start, for example because the other account cannot read its files.
        done = self._account.run(self._starter, directory=self._slot.path)
        return self._reason(done.stdout) if done.returncode else ""

    @property
    def _starter(self) -> list[str]:
        """The command that starts the server, and waits for it."""
        settings = _SETTINGS | {"unix_socket_directories": f'"{self._socket_directory}"'}
        options = [f"-c {name}={shlex.quote(value)}" for name, value in settings.items()]
        return self._command(
            *("start", "--wait", "--timeout", str(_START_SECONDS)),
            *("--log", str(self._log), "--options", " ".join(options)),
        )

    def _is_ready(self) -> bool:
        try:
            lines = self._pid_file.read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return False
        return len(lines) > _STATUS_LINE and lines[_STATUS_LINE].strip() == _READY

    def _reason(self, output: str) -> str:
        log = self._log.read_text(errors="replace") if self._log.exists() else ""
        return "\n".join((output.strip(), *log.splitlines()[-20:]))

    def _end_start(self) -> str:
        """Wait for the end of the command that starts the server, and return its output."""
        starting, self._starting = self._starting, None
        return starting.communicate()[0] if starting is not None else ""

    def _shuts_down(self) -> bool:
        """Ask the server to shut down, and return whether it has done so in time."""
        try:
            os.kill(int(self._pid_file.read_text().split()[0]), signal.SIGINT)
        except (OSError, ValueError, IndexError):
            return False
        end = time.monotonic() + _STOP_SECONDS
        while self._pid_file.exists():
            if time.monotonic() > end:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _pg_ctl(self, *arguments: str) -> str | None:
        """Run ``pg_ctl``, and return its output if it fails, else ``None``."""
        done = self._account.run(self._command(*arguments), directory=self._slot.path)
        return done.stdout.strip() if done.returncode else None

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._bin / "pg_ctl"), "--silent", "--pgdata", str(self._data), *arguments]


_early: dict[Installation, PrivateServer] = {}
"""The servers that were started early, and that nothing uses yet."""
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_early.clear)  # they belong to the process that started them
