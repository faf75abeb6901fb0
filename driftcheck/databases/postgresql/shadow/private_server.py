"""A PostgreSQL server of this process's own, on a socket that nobody else can reach."""

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
"""What fits into a socket's address, on Linux and on macOS."""
_START_SECONDS, _STOP_SECONDS = 60, 5

_SETTINGS = {
    "listen_addresses": "",
    "port": str(_PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    # All that it holds can be made again, so nothing waits for the disk.
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # A replay may touch thousands of tables in one transaction.
    "max_locks_per_transaction": "1024",
    "shared_buffers": "64MB",
    # Small, short-lived databases: neither of these ever pays.
    "autovacuum": "off",
    "jit": "off",
    "log_min_messages": "fatal",
}


class PrivateServer:
    """A running server; ``start`` makes one.

    Its data directory is kept for the next time, since making one takes longer than starting.

    Attributes:
        installation: The programs it runs.
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
        """Start a server, and make its data directory first if need be.

        Raises:
            ShadowError: It does not start.
        """
        account = Account.for_servers()
        key = hashlib.sha256(f"{installation.bin}\n{installation.version}".encode()).hexdigest()
        slot = Slot.take(account.home(), f"{installation.major}-{key[:8]}")
        server = cls(installation, account, slot)
        try:
            server._start()
            server._stop_others()
        except BaseException:
            server.stop()  # interrupted, it may have come up meanwhile
            raise
        note_server(server._pid_file, runs=True)
        return server

    def url(self, user: str = SUPERUSER, database: str = "postgres") -> URL:
        """Where a database of this server is."""
        return URL.create(
            "postgresql+psycopg2",
            username=user,
            database=database,
            query={"host": str(self._socket_directory), "port": str(_PORT)},
        )

    def stop(self) -> None:
        """Stop it and let the next process have its place.

        In the mode *fast*: it takes no longer than *immediate* once the shadows are dropped, and
        leaves nothing to recover.
        """
        note_server(self._pid_file, runs=False)
        try:
            # Where its directory was removed meanwhile, it stops by itself.
            with contextlib.suppress(ShadowError):
                self._pg_ctl("stop", "--mode", "fast")
            if self._socket_directory != self._slot.path:
                with contextlib.suppress(OSError):
                    self._socket_directory.rmdir()
        finally:
            self._slot.free()

    def stop_at_once(self) -> None:
        """Tell it to stop in the mode *immediate*, and do not wait."""
        with contextlib.suppress(OSError, ValueError, IndexError):
            pid = int(self._pid_file.read_text().split()[0])
            os.kill(pid, signal.SIGQUIT)

    def start_anew(self) -> None:
        """Throw away all that the server holds and start it again, empty."""
        self._end()
        for directory in (self._data, self._half_made):
            shutil.rmtree(directory, ignore_errors=True)
        self._initialise()
        problem = self._launch()
        if problem:
            raise ShadowError(
                f"{self.installation} does not start",
                hint=f"Its log is {self._log}; {SERVER_DIRECTORY} names another directory for it.",
                details=problem,
            )

    @property
    def is_offline(self) -> bool:
        """Whether nothing that runs in it can reach a network or another program's socket."""
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
    def _half_made(self) -> Path:
        return self._slot.path / "half-made"

    @property
    def _pid_file(self) -> Path:
        return self._data / "postmaster.pid"

    @property
    def _socket_directory(self) -> Path:
        if len(os.fsencode(self._slot.path)) + len(_SOCKET) <= _LONGEST_SOCKET_PATH:
            return self._slot.path
        digest = hashlib.sha256(os.fsencode(self._slot.path)).hexdigest()[:16]
        return Path("/tmp") / f"driftcheck-{digest}"  # noqa: S108  (looked at closely when made)

    def _start(self) -> None:
        self._account.directory(self._slot.path)
        self._account.directory(self._socket_directory)
        self._bin = _reachable_bin(self.installation, self._account, self._slot.path)
        if self._answers():  # left running by a killed process
            if self.is_offline:
                return
            self._end()
        # Nothing was written to the disk in time, so a directory that was not shut down is not
        # to be trusted: that is the one with a server's process number in it, and no server.
        is_sound = self._data.exists() and not self._pid_file.exists()
        if not is_sound or self._launch() or not self._answers():
            self.start_anew()

    def _stop_others(self) -> None:
        """Stop the servers that killed processes have left running in other slots."""
        for slot in Slot.take_used(self._account.home()):
            # Any version's pg_ctl stops any version's server.
            left = PrivateServer(self.installation, self._account, slot, self._bin)
            if left._pid_file.exists() and left._answers():
                left._end()

    def _end(self) -> None:
        """Stop it, if it runs, with all that is done in it; soon."""
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
        if self.installation.major >= 18:  # noqa: PLR2004  (since when it is not the default)
            options.append("--no-data-checksums")
        command = [str(self._bin / "initdb"), f"--username={SUPERUSER}", *options]
        command += ["--pgdata", str(self._half_made)]
        done = self._account.run(command, directory=self._slot.path)
        if done.returncode:
            raise ShadowError(f"initdb of {self.installation} failed", details=done.stdout.strip())
        self._half_made.rename(self._data)

    def _launch(self) -> str:
        """Start the server on its data directory; what it says where it does not start."""
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
        said = self._log.read_text(errors="replace") if self._log.exists() else ""
        return "\n".join((done.stdout.strip(), *said.splitlines()[-20:]))

    def _pg_ctl(self, *arguments: str) -> str | None:
        """Run ``pg_ctl``; what it says where it fails."""
        done = self._account.run(self._command(*arguments), directory=self._slot.path)
        return done.stdout.strip() if done.returncode else None

    def _command(self, *arguments: str) -> list[str]:
        return [str(self._bin / "pg_ctl"), "--silent", "--pgdata", str(self._data), *arguments]


def _reachable_bin(installation: Installation, account: Account, directory: Path) -> Path:
    """Where the account finds the programs: in place, or copied where it can reach them."""
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
    """Copy the embedded server, with the libraries that its wheel keeps beside the package.

    A virtual environment below ``/root`` is closed to every other account, and its modes are
    not ours to change.
    """
    package = installation.bin.parent.parent
    key = hashlib.sha256(f"{installation.bin}\n{installation.version}".encode()).hexdigest()
    copies = account.home() / f"programs-{key[:8]}"
    copied = copies / package.name / installation.bin.parent.name / "bin"
    if not copied.exists():
        sweep_temporary_directories(account.home())
        with temporary_directory("programs", account.home()) as temporary:
            made = temporary / "made"
            for source in (installation.bin.parent, package.with_name(f"{package.name}.libs")):
                if source.exists():
                    target = made / source.relative_to(package.parent)
                    shutil.copytree(source, target, symlinks=True)
            _open_to_all(made)
            with contextlib.suppress(FileExistsError, OSError):  # another process was faster
                made.rename(copies)
    if not _can_run(copied, account, directory):
        raise ShadowError(f"the account {account.name} cannot run {installation}, nor a copy of it")
    return copied


def _open_to_all(directory: Path) -> None:
    directory.chmod(0o755)
    for path in directory.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or os.access(path, os.X_OK) else 0o644)
