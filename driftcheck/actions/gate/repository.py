"""The git repository that holds a project's migrations, read by way of git's own command line.

Only objects are read, never the index or the working tree; nothing is written, nothing fetched.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn

from driftcheck.databases.own_work import own_work
from driftcheck.errors import CannotCheckError, ConfigurationError

BASES = ("origin/HEAD", "origin/main", "main", "origin/master", "master")
"""Where the base is looked for when nobody names it."""

_REGULAR = (b"100644", b"100755")
_REPLACED = "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY GIT_COMMON_DIR"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit, and what the user calls it."""

    name: str
    identity: str

    def __str__(self) -> str:
        """Name and abbreviated identity, for people."""
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
    def holding(cls, directory: Path) -> Repository:
        """The repository that a directory is in: a submodule's own, a linked worktree's own.

        Raises:
            ConfigurationError: It is in none.
            CannotCheckError: There is no git, or it refuses to read the repository.
        """
        done = _git(directory, "rev-parse", "--show-toplevel")
        if done.returncode == 0:
            return cls(Path(os.fsdecode(done.stdout.removesuffix(b"\n"))))
        said = _said(done)
        if "not a git repository" in said or "must be run in a work tree" in said:
            raise ConfigurationError(
                f"{directory} is not in the working tree of a git repository",
                hint="The gate asks git which revisions are new: run it in a clone of the project.",
            )
        hint = "Git says how to mend it." if "safe.directory" in said else ""
        raise CannotCheckError(f"git cannot read {directory}", hint=hint, details=said)

    def base(self, named: str | None) -> Commit:
        """What the revisions are held against: the ref that is named, or the first of ``BASES``.

        Raises:
            ConfigurationError: There is no such ref.
        """
        for name in BASES if named is None else (named,):
            identity = self._resolve(name)
            if identity is not None:
                return Commit(name, identity)
        if named is None:
            raise ConfigurationError(
                f"{self.root} has none of {', '.join(BASES)}",
                hint="Say with --base what the branch will be merged into.\n" + _fetch("main"),
            )
        raise ConfigurationError(
            f"{named!r} names no commit in {self.root}", hint=_fetch(_branch_of(named))
        )

    def fork(self, base: Commit) -> Commit:
        """Where the working tree's commit and the base went separate ways.

        Raises:
            CannotCheckError: It is not known: the clone is too shallow, or there is none.
        """
        head = self._resolve("HEAD")
        if head is None:
            raise CannotCheckError(
                f"{self.root} has no commit checked out", hint="Commit something first."
            )
        if base.identity in self._parents(head):  # known also where these are not there
            return base
        done = self._git("merge-base", head, base.identity)
        if done.returncode == 0:
            return Commit("merge-base", os.fsdecode(done.stdout.strip()))
        if self._is_shallow():
            raise CannotCheckError(
                f"the clone is too shallow: it lacks the commit where HEAD and {base.name} "
                "went separate ways",
                hint="Fetch the rest: git fetch --unshallow origin\n"
                "In CI: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab.",
            )
        raise CannotCheckError(
            f"HEAD and {base.name} have no commit in common",
            hint="Say with --base what the branch will be merged into.",
        )

    def files(self, commit: Commit, directory: Path) -> dict[str, str]:
        """The files below a directory as a commit has them: their objects, by path from the root.

        Links and submodules are left out.

        Raises:
            CannotCheckError: Git cannot read the commit.
        """
        place = self.path_of(directory)
        if place is None:
            return {}
        within = () if place == "." else ("--", place)
        listed = self._require("ls-tree", "-r", "-z", "--full-tree", commit.identity, *within)
        return dict(_entries(listed))

    def directories_with(self, commit: Commit, pattern: str) -> list[Path]:
        """The directories in which a commit has Python files with a line that matches."""
        command = "grep", "-l", "-z", "-E", pattern, commit.identity, "--", ":(top)*.py"
        done = self._git(*command)
        if done.returncode > 1:  # 1: nothing matches
            self._refused("grep", done)
        prefix = commit.identity + ":"
        paths = [os.fsdecode(name).removeprefix(prefix) for name in done.stdout.split(b"\0")]
        return sorted({self.root / PurePosixPath(path).parent for path in paths if path})

    def contents(self, objects: Iterable[str]) -> dict[str, bytes]:
        """What is in objects.

        Raises:
            CannotCheckError: Git does not have one of them.
        """
        wanted = list(dict.fromkeys(objects))
        if not wanted:
            return {}
        asked = "".join(f"{one}\n" for one in wanted).encode()
        answer, found, at = self._require("cat-file", "--batch", stdin=asked), {}, 0
        for one in wanted:
            end = answer.index(b"\n", at)
            header = answer[at:end].split()
            if header[-1] == b"missing":
                raise CannotCheckError(
                    f"the clone {self.root} lacks an object of the base: {one}",
                    hint="Fetch it: git fetch origin",
                )
            size = int(header[-1])
            found[one] = answer[end + 1 : end + 1 + size]
            at = end + 1 + size + 1
        return found

    def path_of(self, path: Path) -> str | None:
        """A path from the root, as git writes it; ``None`` for one outside of the repository.

        What is in a submodule is outside, too.
        """
        found = path.resolve()
        if not found.is_relative_to(self.root.resolve()):
            return None
        place = found.relative_to(self.root.resolve())
        for outer in (place, *place.parents):
            if outer != Path() and (self.root / outer / ".git").exists():
                return None
        return place.as_posix()

    def _resolve(self, name: str) -> str | None:
        if name.startswith("-"):
            return None
        done = self._git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return None if done.returncode else os.fsdecode(done.stdout.strip())

    def _parents(self, commit: str) -> list[str]:
        """The parents that a commit names, also those that a shallow clone has cut off."""
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
            self._refused(arguments[0], done)
        return done.stdout

    def _refused(self, command: str, done: subprocess.CompletedProcess[bytes]) -> NoReturn:
        raise CannotCheckError(f"git {command} failed in {self.root}", details=_said(done))


def _git(
    directory: Path, *arguments: str, stdin: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run git where a directory is, whatever a hook that called us says of another repository."""
    environment = {key: text for key, text in os.environ.items() if key not in _REPLACED.split()}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    try:
        with own_work():
            return subprocess.run(
                ["git", *arguments],  # noqa: S607  (the git that the user has on the PATH)
                cwd=directory,
                env=environment,
                input=stdin,
                capture_output=True,
                check=False,
            )
    except FileNotFoundError:
        raise CannotCheckError(
            "there is no git on the PATH", hint="The gate asks git which revisions are new."
        ) from None


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return done.stderr.decode(errors="replace").strip()


def _entries(listed: bytes) -> Iterator[tuple[str, str]]:
    for entry in listed.split(b"\0")[:-1]:
        about, _, path = entry.partition(b"\t")
        mode, _, identity = about.split()
        if mode in _REGULAR:
            yield os.fsdecode(path), identity.decode()


def _branch_of(name: str) -> str:
    """The branch behind ``origin/main`` or ``refs/heads/main``."""
    return (
        name.removeprefix("refs/")
        .removeprefix("remotes/")
        .removeprefix("origin/")
        .removeprefix("heads/")
    )


def _fetch(branch: str) -> str:
    return (
        f"If it is not fetched yet: git fetch origin +{branch}:refs/remotes/origin/{branch}\n"
        "In CI: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab."
    )
