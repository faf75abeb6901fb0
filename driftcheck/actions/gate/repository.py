"""Reads the git repository that contains a project's migrations, through the ``git`` command.

Only committed objects are read, not the index or the working tree. Nothing is written to the
repository, and nothing is fetched.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import MappingProxyType
from typing import NoReturn

from driftcheck.databases.own_work import own_work
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.process.git import run_git

BASES = ("origin/HEAD", "origin/main", "main", "origin/master", "master")
"""The refs that are tried for the base if ``--base`` is not given."""

_REGULAR_FILES = (b"100644", b"100755")


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit: its name as the user gave it, and its hash."""

    name: str
    identity: str

    def __str__(self) -> str:
        """Name and abbreviated hash."""
        short = self.identity[:10]
        return short if self.identity.startswith(self.name) else f"{self.name} ({short})"


class Repository:
    """A git repository.

    Args:
        root: The top directory of its working tree.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def containing(cls, directory: Path) -> Repository:
        """Find the repository of a directory. Submodules and linked worktrees count as their own.

        Raises:
            ConfigurationError: The directory is not in a repository.
            CannotCheckError: Git is not installed, or refuses to read the repository.
        """
        done = _git(directory, "rev-parse", "--show-toplevel")
        if done.returncode == 0:
            return cls(Path(os.fsdecode(done.stdout.removesuffix(b"\n"))))
        stderr = _stderr(done)
        if "not a git repository" in stderr or "must be run in a work tree" in stderr:
            raise ConfigurationError(
                f"{directory} is not in the working tree of a git repository",
                hint="driftcheck gate finds new revisions with git. Run it in a clone.",
            )
        hint = "Run the command that git prints." if "safe.directory" in stderr else ""
        raise CannotCheckError(f"git cannot read {directory}", hint=hint, details=stderr)

    def base(self, base_name: str | None) -> Commit:
        """Resolve the base: the given ref, or the first of ``BASES`` that exists.

        Raises:
            ConfigurationError: The ref does not exist.
        """
        for name in BASES if base_name is None else (base_name,):
            identity = self._resolve(name)
            if identity is not None:
                return Commit(name, identity)
        if base_name is None:
            raise ConfigurationError(
                f"{self.root} has none of {', '.join(BASES)}",
                hint="Name the ref that the branch will be merged into with --base.\n"
                + _fetch_hint("main"),
            )
        raise ConfigurationError(
            f"{base_name!r} names no commit in {self.root}",
            hint=_fetch_hint(_branch_of(base_name)),
        )

    def merge_base(self, base: Commit) -> Commit:
        """Find the merge base of HEAD and the base.

        Raises:
            CannotCheckError: The clone is too shallow, or there is no merge base.
        """
        head = self._resolve("HEAD")
        if head is None:
            raise CannotCheckError(
                f"{self.root} has no commit checked out", hint="Check out or create a commit first."
            )
        if base.identity in self._parents(head):  # a shallow clone knows the parents of HEAD
            return base
        done = self._git("merge-base", head, base.identity)
        if done.returncode == 0:
            return Commit("merge-base", os.fsdecode(done.stdout.strip()))
        if self._is_shallow():
            raise CannotCheckError(
                f"the clone is too shallow: it lacks the merge base of HEAD and {base.name}",
                hint="Fetch the full history: git fetch --unshallow origin\n"
                "In CI: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab.",
            )
        raise CannotCheckError(
            f"HEAD and {base.name} have no commit in common",
            hint="Name the ref that the branch will be merged into with --base.",
        )

    def files(self, commit: Commit, directory: Path) -> dict[str, str]:
        """The hashes of a commit's files below a directory, by path from the repository's root.

        Symbolic links and submodules are left out.

        Raises:
            CannotCheckError: Git cannot read the commit.
        """
        path = self.relative_path(directory)
        if path is None:
            return {}
        within = () if path == "." else ("--", path)
        listed = self._require("ls-tree", "-r", "-z", "--full-tree", commit.identity, *within)
        return dict(_entries(listed))

    def directories_with(self, commit: Commit, pattern: str) -> list[Path]:
        """The directories of a commit with a Python file that has a line matching a pattern."""
        command = "grep", "-l", "-z", "-E", pattern, commit.identity, "--", ":(top)*.py"
        done = self._git(*command)
        if done.returncode > 1:  # git grep exits with 1 if nothing matches
            self._raise_failed("grep", done)
        prefix = commit.identity + ":"
        paths = [os.fsdecode(name).removeprefix(prefix) for name in done.stdout.split(b"\0")]
        return sorted({self.root / PurePosixPath(path).parent for path in paths if path})

    def contents(self, objects: Iterable[str]) -> dict[str, bytes]:
        """The contents of objects, by their hashes.

        Raises:
            CannotCheckError: The clone lacks one of the objects.
        """
        wanted = list(dict.fromkeys(objects))
        if not wanted:
            return {}
        request = "".join(f"{identity}\n" for identity in wanted).encode()
        output, contents, start = self._require("cat-file", "--batch", stdin=request), {}, 0
        for identity in wanted:
            end = output.index(b"\n", start)
            header = output[start:end].split()
            if header[-1] == b"missing":
                raise CannotCheckError(
                    f"the clone {self.root} lacks an object of the base: {identity}",
                    hint="Fetch the object: git fetch origin",
                )
            size = int(header[-1])
            contents[identity] = output[end + 1 : end + 1 + size]
            start = end + 1 + size + 1
        return contents

    def check_out(self, commit: Commit, directory: Path) -> None:
        """Write the files of a commit below a directory.

        The index of the repository is not used, and no large file is downloaded.

        Args:
            commit: The commit.
            directory: An empty directory.

        Raises:
            CannotCheckError: Git cannot read the commit, or the files cannot be written.
        """
        index = directory.with_name(f"{directory.name}.index")
        variables = {"GIT_INDEX_FILE": str(index), "GIT_LFS_SKIP_SMUDGE": "1"}
        for arguments in (
            ("read-tree", commit.identity),
            ("checkout-index", "--all", f"--prefix={directory}/"),
        ):
            done = _git(self.root, *arguments, variables=variables)
            if done.returncode:
                self._raise_failed(arguments[0], done)

    def ignored(self) -> list[str]:
        """The files and directories that are not in the repository because git ignores them.

        They are paths from the root. Of a directory in which everything is ignored, only the
        directory is returned.

        Raises:
            CannotCheckError: Git fails.
        """
        which = "--others", "--ignored", "--exclude-standard", "--directory", "-z"
        listed = self._require("ls-files", *which)
        return [os.fsdecode(path).rstrip("/") for path in listed.split(b"\0") if path]

    def relative_path(self, path: Path) -> str | None:
        """A path relative to the root, as git writes it.

        Returns:
            ``None`` for a path outside of the repository, or in a submodule.
        """
        resolved = path.resolve()
        if not resolved.is_relative_to(self.root.resolve()):
            return None
        relative = resolved.relative_to(self.root.resolve())
        for directory in (relative, *relative.parents):
            if directory != Path() and (self.root / directory / ".git").exists():
                return None
        return relative.as_posix()

    def _resolve(self, name: str) -> str | None:
        if name.startswith("-"):
            return None
        done = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return None if done.returncode else os.fsdecode(done.stdout.strip())

    def _parents(self, commit: str) -> list[str]:
        """The parents in a commit's header, including parents that a shallow clone lacks."""
        header = self._require("cat-file", "commit", commit).partition(b"\n\n")[0]
        lines = header.decode(errors="replace").splitlines()
        return [line.split()[1] for line in lines if line.startswith("parent ")]

    def _is_shallow(self) -> bool:
        return self._require("rev-parse", "--is-shallow-repository").strip() == b"true"

    def _git(self, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return _git(self.root, *arguments, stdin=stdin)

    def _require(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = self._git(*arguments, stdin=stdin)
        if done.returncode:
            self._raise_failed(arguments[0], done)
        return done.stdout

    def _raise_failed(self, command: str, done: subprocess.CompletedProcess[bytes]) -> NoReturn:
        raise CannotCheckError(f"git {command} failed in {self.root}", details=_stderr(done))


def _git(
    directory: Path,
    *arguments: str,
    stdin: bytes = b"",
    variables: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a directory, with further environment variables.

    Raises:
        CannotCheckError: Git is not installed.
    """
    try:
        with own_work():
            return run_git(directory, *arguments, stdin=stdin, variables=variables)
    except FileNotFoundError:
        raise CannotCheckError(
            "git is not on the PATH", hint="driftcheck gate finds new revisions with git."
        ) from None


def _stderr(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip()


def _entries(listed: bytes) -> Iterator[tuple[str, str]]:
    """Path and hash of each regular file in the output of ``git ls-tree -z``."""
    for entry in listed.split(b"\0")[:-1]:
        metadata, _, path = entry.partition(b"\t")
        mode, _, identity = metadata.split()
        if mode in _REGULAR_FILES:
            yield os.fsdecode(path), identity.decode()


def _branch_of(name: str) -> str:
    """The name of the branch in ``origin/main`` or ``refs/heads/main``."""
    return (
        name.removeprefix("refs/")
        .removeprefix("remotes/")
        .removeprefix("origin/")
        .removeprefix("heads/")
    )


def _fetch_hint(branch: str) -> str:
    refspec = shlex.quote(f"+{branch}:refs/remotes/origin/{branch}")
    return (
        f"If the ref is not fetched yet: git fetch origin {refspec}\n"
        "In CI: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab."
    )
