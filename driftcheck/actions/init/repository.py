"""Finds the repository of a project, and the continuous integration that it uses."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from subprocess import SubprocessError

from driftcheck.process.git import run_git

_SECONDS = 10.0


class Hosting(StrEnum):
    """A system for continuous integration."""

    GITHUB = "github"
    GITLAB = "gitlab"
    NONE = "none"


def repository_of(root: Path) -> Path:
    """Return the repository that contains a directory; the directory itself if there is none."""
    root = root.resolve()
    return next((path for path in (root, *root.parents) if (path / ".git").exists()), root)


def hosting_of(repository: Path) -> Hosting | None:
    """Return the continuous integration of a repository; ``None`` if it is not known.

    The files of the repository say so, else the address of its remote.
    """
    has_github = (repository / ".github").is_dir()
    has_gitlab = (repository / ".gitlab-ci.yml").is_file()
    if has_github != has_gitlab:
        return Hosting.GITHUB if has_github else Hosting.GITLAB
    addresses = _remotes(repository)
    found = [each for each in (Hosting.GITHUB, Hosting.GITLAB) if each in addresses]
    return found[0] if len(found) == 1 else None


def _remotes(repository: Path) -> str:
    """Return the addresses of the remotes; empty if there are none."""
    try:
        done = run_git(repository, "remote", "--verbose", timeout=_SECONDS)
    except (OSError, SubprocessError):
        return ""
    return done.stdout.decode(errors="replace").lower()
