"""Searches the commits of a git repository for the file of a revision.

Only objects of the repository are read. No file that is found is run, and nothing is fetched.
"""

from __future__ import annotations

import ast
import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from driftcheck.databases.own_work import own_work
from driftcheck.process.git import run_git

_SECONDS = 10.0
_COMMITS = 20  # that mention the identifier


@dataclass(frozen=True)
class FoundRevision:
    """A commit that has the file of a revision.

    Attributes:
        file: The path of the file from the root of the repository.
        commit: The abbreviated hash of the commit that added or last changed the file.
        refs: The branches and tags that contain the commit. None: a deleted branch had it.
        is_in_head: Whether the branch that is checked out contains the commit.
        deleted_in: The abbreviated hash of the commit of that branch that deleted the file; empty
            if there is none.
        parents: The revisions that the file names as its parents and dependencies.
    """

    file: str
    commit: str
    refs: tuple[str, ...]
    is_in_head: bool = False
    deleted_in: str = ""
    parents: tuple[str, ...] = ()


def find_revision(identifier: str, directories: Sequence[Path]) -> FoundRevision | None:
    """Find a commit with the file of a revision that the working tree lacks.

    Args:
        identifier: The identifier of the revision.
        directories: The version locations of the project. The search is limited to them.

    Returns:
        ``None`` if no commit has the file, the directory is in no repository, git is not
        installed, or git did not answer within ten seconds.
    """
    try:
        with own_work():
            return _find(identifier, [path for path in directories if path.is_dir()])
    except (OSError, subprocess.SubprocessError):
        return None


def _find(identifier: str, directories: Sequence[Path]) -> FoundRevision | None:
    if not directories or not identifier:
        return None
    where = directories[0]
    paths = [str(path) for path in directories]
    for commit, file in _mentioned(where, identifier, paths):
        declared = _declared(_git(where, "show", f"{commit}:{file}") or "")
        if declared.get("revision") == (identifier,):
            is_in_head = _git(where, "merge-base", "--is-ancestor", commit, "HEAD") is not None
            deletion = _deletion(where, commit, file) if is_in_head else ""
            parents = (*declared.get("down_revision", ()), *declared.get("depends_on", ()))
            refs = _refs(where, commit)
            return FoundRevision(file, commit[:10], refs, is_in_head, deletion, parents)
    return None


def _mentioned(where: Path, identifier: str, paths: list[str]) -> Iterator[tuple[str, str]]:
    """Yield the commits and files that add or remove the identifier, the latest first."""
    shown = _git(
        where, "log", "--all", "--reflog", f"--max-count={_COMMITS}", "--no-renames", "-z",
        f"-S{identifier}", "--diff-filter=AM", "--name-only", "--format=%x01%H", "--", *paths,
    )  # fmt: skip
    for entry in (shown or "").split("\x01")[1:]:
        commit, *files = (part.strip("\n") for part in entry.split("\0"))
        yield from ((commit, file) for file in files if file.endswith(".py"))


def _refs(where: Path, commit: str) -> tuple[str, ...]:
    listed = _git(
        where, "for-each-ref", "--contains", commit, "--format=%(refname:short)",
        "refs/heads", "refs/remotes", "refs/tags",
    )  # fmt: skip
    return tuple((listed or "").split())


def _deletion(where: Path, commit: str, file: str) -> str:
    """Return the commit of the checked-out branch that deleted a file after ``commit``."""
    shown = _git(
        where, "log", "--max-count=1", "--diff-filter=D", "--no-renames", "--format=%H",
        f"{commit}..HEAD", "--", f":(top){file}",
    )  # fmt: skip
    return (shown or "").strip()[:10]


def _declared(content: str) -> dict[str, tuple[str, ...]]:
    """Return the strings that a Python file assigns to each name at its top level."""
    try:
        module = ast.parse(content)
    except (SyntaxError, ValueError):
        return {}
    declared: dict[str, tuple[str, ...]] = {}
    for statement in module.body:
        if isinstance(statement, ast.Assign):
            targets: Sequence[ast.expr] = statement.targets
        elif isinstance(statement, ast.AnnAssign):
            targets = [statement.target]
        else:
            continue
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        declared.update(dict.fromkeys(names, tuple(_strings(statement.value))))
    return declared


def _strings(value: ast.expr | None) -> Iterator[str]:
    """Yield the string of a literal, or those of a literal tuple, list or set."""
    if isinstance(value, ast.Constant) and isinstance(value.value, str):
        yield value.value
    elif isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        for element in value.elts:
            yield from _strings(element)


def _git(where: Path, *arguments: str) -> str | None:
    done = run_git(where, *arguments, timeout=_SECONDS)
    return None if done.returncode else os.fsdecode(done.stdout)
