"""Runs the ``git`` command."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

_HOOK_VARIABLES = frozenset(
    "GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_PREFIX GIT_OBJECT_DIRECTORY GIT_COMMON_DIR".split()
)


def run_git(
    directory: Path,
    *arguments: str,
    stdin: bytes = b"",
    timeout: float | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
) -> subprocess.CompletedProcess[bytes]:
    """Run git in a directory, without the variables that git sets for hooks.

    These variables name the repository that runs the hook, which may be another one.

    Args:
        directory: The working directory of git.
        arguments: The arguments of git.
        stdin: The bytes that git reads from its standard input.
        timeout: The seconds after which git is stopped.
        variables: Further environment variables.

    Raises:
        FileNotFoundError: Git is not on the PATH.
        subprocess.TimeoutExpired: Git did not end in time.
    """
    environment = {name: value for name, value in os.environ.items() if name not in _HOOK_VARIABLES}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0"}
    environment |= variables
    return subprocess.run(
        ["git", *arguments],  # noqa: S607  (the git that the user has on the PATH)
        cwd=directory,
        env=environment,
        input=stdin,
        capture_output=True,
        check=False,
        timeout=timeout,
    )
