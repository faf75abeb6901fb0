"""Finds programs of a PostgreSQL server that the account of a private server can run."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from pathlib import Path

from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import Installation
from driftcheck.errors import ShadowError
from driftcheck.storage.temporary import sweep_temporary_directories, temporary_directory


def reachable_programs(installation: Installation, account: Account, directory: Path) -> Path:
    """Return the directory of programs that the account can run; the programs may be copied.

    Args:
        installation: The server.
        account: The account.
        directory: A directory that the account can use.

    Raises:
        ShadowError: The account cannot run the programs, nor a copy.
    """
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
