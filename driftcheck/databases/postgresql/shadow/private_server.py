"""A private PostgreSQL server, on a socket that only this user can reach."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shlex
import shutil
import signal
from pathlib import Path

import psycopg2
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.account import SERVER_DIRECTORY, Account
from driftcheck.databases.postgresql.shadow.binaries import Installation
from driftcheck.databases.postgresql.shadow.maker import without_hostaddr
from driftcheck.databases.postgresql.shadow.slot import Slot
from driftcheck.errors import DriftcheckError, ShadowError
from driftcheck.process.state import note_server
from driftcheck.storage.temporary import sweep_temporary_directories, temporary_directory

SUPERUSER = "postgres"
_PORT = 5432
_SOCKET = f"/.s.PGSQL.{_PORT}"
_LONGEST_SOCKET_PATH = 103
"""The maximal length in bytes of a socket's path, on Linux and on macOS."""
_START_SECONDS, _STOP_SECONDS = 60, 5

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

    @classmethod
    def start(cls, installation: Installation) -> PrivateServer:
        """Start a server, and create its data directory if it does not exist.

        Raises:
            ShadowError: The server does not start.
        """
        account = Account.for_servers()
        key = hashlib.sha256(f"{installation.bin}\n{installation.version}".encode()).hexdigest()
        slot = Slot.take(account.home(), f"{installation.major}-{key[:8]}")
        server = cls(installation, account, slot)
        try:
            server._start()
            server._stop_others()
        except BaseException:
            server.stop()  # after an interrupt, the server may have started nevertheless
            raise
        note_server(server._pid_file, runs=True)
        return server

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
            # If its directory was removed, the server stops by itself.
            with contextlib.suppress(ShadowError):
                self._pg_ctl("stop", "--mode", "fast")
            if self._socket_directory != self._slot.path:
                with contextlib.suppress(OSError):
                    self._socket_directory.rmdir()
        finally:
            self._slot.free()

    def stop_at_once(self) -> None:
        """Stop the server in the mode *immediate*, without waiting."""
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

    def _start(self) -> None:
        self._account.directory(self._slot.path)
        self._account.directory(self._socket_directory)
        self._bin = _reachable_bin(self.installation, self._account, self._slot.path)
        if self._answers():  # left running by a killed process
            if self.is_offline:
                return
            self._stop_now()
        # With fsync off, the data is only valid after a regular shutdown, which removes the file
        # with the process ID.
        is_valid = self._data.exists() and not self._pid_file.exists()
        if not is_valid or self._launch() or not self._answers():
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
        settings = _SETTINGS | {"unix_socket_directories": f'"{self._socket_directory}"'}
        options = [f"-c {name}={shlex.quote(value)}" for name, value in settings.items()]
        done = self._account.run_offline(
            self._command(
                *("start", "--wait", "--timeout", str(_START_SECONDS)),
                *("--log", str(self._log), "--options", " ".join(options)),
            ),
            directory=self._slot.path,
            sign=self._offline_sign,
        )
        if not done.returncode:
            return ""
        log = self._log.read_text(errors="replace") if self._log.exists() else ""
        return "\n".join((done.stdout.strip(), *log.splitlines()[-20:]))

    def _pg_ctl(self, *arguments: str) -> str | None:
        """Run ``pg_ctl``, and return its output if it fails, else ``None``."""
        done = self._account.run(self._command(*arguments), directory=self._slot.path)
        return done.stdout.strip() if done.returncode else None

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._bin / "pg_ctl"), "--silent", "--pgdata", str(self._data), *arguments]


def _reachable_bin(installation: Installation, account: Account, directory: Path) -> Path:
    """Return the directory of programs that the account can run; the programs may be copied."""
    if not account.is_other or _can_run(installation.bin, account, directory):
        return installation.bin
    if not installation.embedded:
        raise ShadowError(f"the account {account.name} cannot reach {installation}")
    return _copy_of(installation, account, directory)


def _can_run(directory: Path, account: Account, within: Path) -> bool:
    try:
        done = account.run([str(directory / "initdb"), "--version"], directory=within)
    except ShadowError:
        return False
    return done.returncode == 0


def _copy_of(installation: Installation, account: Account, directory: Path) -> Path:
    """Copy the embedded server, with the libraries that are next to the package.

    Other accounts have no access to a virtual environment below ``/root``, and driftcheck does not
    change its permissions.
    """
    package = installation.bin.parent.parent
    key = hashlib.sha256(f"{installation.bin}\n{installation.version}".encode()).hexdigest()
    copies = account.home() / f"programs-{key[:8]}"
    copied = copies / package.name / installation.bin.parent.name / "bin"
    if not copied.exists():
        sweep_temporary_directories(account.home())
        with temporary_directory("programs", account.home()) as temporary:
            copy = temporary / "copy"
            for source in (installation.bin.parent, package.with_name(f"{package.name}.libs")):
                if source.exists():
                    target = copy / source.relative_to(package.parent)
                    shutil.copytree(source, target, symlinks=True)
            _open_to_all(copy)
            with contextlib.suppress(FileExistsError, OSError):  # another process has made the copy
                copy.rename(copies)
    if not _can_run(copied, account, directory):
        raise ShadowError(f"the account {account.name} cannot run {installation} or a copy")
    return copied


def _open_to_all(directory: Path) -> None:
    """Let every account read the files and run the programs."""
    directory.chmod(0o755)
    for path in directory.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
