"""The account that runs a private server. PostgreSQL does not run as root."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from driftcheck.databases.own_work import own_work
from driftcheck.errors import ShadowError
from driftcheck.storage.cache_directory import cache_directory, weakness_of

_UNPRIVILEGED = ("postgres", "nobody")
SERVER_DIRECTORY = "DRIFTCHECK_SERVER_DIR"
"""The environment variable for the directory of private servers, for example on a RAM disk."""
# Every account can write to /var/tmp, so directories there are checked before use.
_SHARED_CACHES = (Path("/var/cache"), Path("/var/tmp"))  # noqa: S108

_OFFLINE = Path(__file__).with_name("offline.py")


@dataclass(frozen=True)
class Account:
    """An account of this machine.

    Attributes:
        name: The name in messages.
        uid: The user ID.
        gid: The group ID.
        is_other: Whether driftcheck itself runs as another account.
    """

    name: str
    uid: int
    gid: int
    is_other: bool

    @classmethod
    def for_servers(cls) -> Account:
        """Return the account that can run a PostgreSQL server.

        Raises:
            ShadowError: driftcheck runs as root, and there is no suitable other account.
        """
        if os.geteuid() != 0:
            return cls("this user", os.geteuid(), os.getegid(), is_other=False)
        for name in _UNPRIVILEGED:
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            if entry.pw_uid != 0:
                return cls(name, entry.pw_uid, entry.pw_gid, is_other=True)
        raise ShadowError(
            "root cannot run a PostgreSQL server, and there is no account "
            f"{' or '.join(_UNPRIVILEGED)} that could"
        )

    def home(self) -> Path:
        """Return the directory of private servers, to which only this user can write.

        Raises:
            ShadowError: There is no suitable directory.
        """
        chosen = os.environ.get(SERVER_DIRECTORY)
        if not self.is_other and not chosen:
            return private_directory(cache_directory() / "postgresql", os.geteuid())
        parents = [Path(chosen)] if chosen else _SHARED_CACHES
        parent = next((path for path in parents if os.access(path, os.W_OK)), None)
        if parent is None:
            raise ShadowError(f"no server can be stored in {' or '.join(map(str, parents))}")
        if weakness := weakness_of(parent.absolute(), is_parent=True):
            raise ShadowError(
                f"other users can change the files of driftcheck in {parent}: {weakness}",
                hint=f"Name another directory with {SERVER_DIRECTORY}.",
            )
        digest = hashlib.sha256(bytes(cache_directory())).hexdigest()[:8]
        mode = 0o755 if self.is_other else 0o700
        return private_directory(parent / f"driftcheck-{digest}", os.geteuid(), mode=mode)

    def directory(self, path: Path) -> Path:
        """Create a directory that only this account can access."""
        return private_directory(path, self.uid, self.gid)

    def run(self, arguments: list[str], *, directory: Path) -> subprocess.CompletedProcess[str]:
        """Run a program as this account, without libpq's environment variables.

        Args:
            arguments: The program and its arguments.
            directory: The working directory.

        Raises:
            ShadowError: The program cannot be started as this account.
        """
        other = {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}
        return self._run(arguments, directory, **other)

    def start_offline(
        self, arguments: list[str], *, directory: Path, sign: Path
    ) -> subprocess.Popen[str] | None:
        """Start a program that has no access to a network, like all processes that it starts.

        Args:
            arguments: The absolute path of the program, and its arguments.
            directory: The working directory.
            sign: A file that exists as soon as the program has no access. If the program ends with
                an error and there is no such file, it was not started: use ``run``.

        Returns:
            ``None`` if the system does not support this.
        """
        sign.unlink(missing_ok=True)
        if sys.platform != "linux" or not sys.executable:
            return None
        # The script starts as this user, because the account may not be able to run this Python.
        account = [str(self.uid), str(self.gid)] if self.is_other else ["-", "-"]
        script = [sys.executable, "-I", "-S", str(_OFFLINE), *account, str(sign)]
        with suppress(ShadowError):
            return self._start([*script, *arguments], directory)
        return None

    def _run(
        self, arguments: list[str], directory: Path, **options: Any
    ) -> subprocess.CompletedProcess[str]:
        process = self._start(arguments, directory, **options)
        with own_work():
            output, _ = process.communicate()
        return subprocess.CompletedProcess(arguments, process.returncode, output)

    def _start(
        self, arguments: list[str], directory: Path, **options: Any
    ) -> subprocess.Popen[str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PG", "LC_", "LANG"))
        }
        try:
            with own_work():
                return subprocess.Popen(
                    arguments,
                    cwd=directory,
                    env=environment | {"LC_ALL": "C"},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    errors="replace",
                    umask=0o077,
                    **options,
                )
        except OSError as error:
            raise ShadowError(f"cannot run {arguments[0]} as {self.name}: {error}") from None


def private_directory(path: Path, uid: int, gid: int | None = None, mode: int = 0o700) -> Path:
    """Create a directory with an owner and a mode, or check an existing one.

    Raises:
        ShadowError: The path is a link, a file, or a directory of another owner.
    """
    try:
        path.mkdir(mode=mode)
    except FileExistsError:
        pass
    else:
        path.chmod(mode)  # whatever the umask was
        if uid != os.geteuid():
            os.chown(path, uid, -1 if gid is None else gid, follow_symlinks=False)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid or found.st_mode & 0o777 & ~mode:
        raise ShadowError(
            f"{path} is not a private directory of driftcheck",
            hint="Somebody else made it, or its mode was changed: remove it.",
        )
    return path
