"""What the project's code reads until it names its database, and whether that is unchanged.

Code that reads the same again names the same database again. So a quick check may take the URL
from where the last full check has found it.

Nothing here imports SQLAlchemy: this import would take longer than a quick check.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import stat
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OF_THE_SHELL = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
"""Variables that a shell sets for each command. Code that copies the environment reads them too."""
LARGEST = 16 * 1024**2
"""In bytes: a larger file is not digested."""
_COMPILED = "__pycache__"
_IMPORTABLE = frozenset(
    (
        *("", ".py", ".pyc", ".so", ".pyd", ".zip", ".egg"),
        *(".pth", ".egg-link", ".egg-info", ".dist-info"),
    )
)
_COST = 2**13
"""The cost of scrypt, which uses 8 MiB then. A file of the cache does not make it easy to guess a
password that is one of the inputs."""


def content(path: str) -> str:
    """Return a digest of the content of a file; empty if it cannot be read.

    Raises:
        ValueError: The path is not a regular file, or the file is too large.
    """
    try:
        found = os.stat(path)  # noqa: PTH116  (a Path would take as long as the reading)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise ValueError(path)
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError:
        return ""


def stamp(path: str) -> str:
    """Return the size and the time of a file; empty if it does not exist.

    Python itself decides so whether the compiled form of a module is current.
    """
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def file_type(path: str) -> str:
    """Return whether a path is a file, a directory or something else; empty if it is missing."""
    try:
        return str(stat.S_IFMT(os.stat(path).st_mode))  # noqa: PTH116
    except OSError:
        return ""


def link(path: str) -> str:
    """Return the target of a symbolic link; empty if the path is none."""
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:
        return ""


def names(path: str) -> str:
    """Return the names in a directory; empty if it cannot be read."""
    return "\0".join(name for name in _listed(path) if name != _COMPILED)


def importable_names(path: str) -> str:
    """Return the names in a directory that may concern an import; empty if it cannot be read."""
    return "\0".join(
        name
        for name in _listed(path)
        if name[0] != "." and name != _COMPILED and os.path.splitext(name)[1] in _IMPORTABLE  # noqa: PTH122
    )


def _listed(path: str) -> list[str]:
    try:
        return sorted(os.listdir(path))  # noqa: PTH208
    except OSError:
        return []


def variable(name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the value of an environment variable, with a mark that tells empty from missing."""
    value = (os.environ if environment is None else environment).get(name)
    return "" if value is None else f"={value}"


def variable_names(_name: str, environment: Mapping[str, str] | None = None) -> str:
    """Return the names of all environment variables, except those of the shell."""
    present = os.environ if environment is None else environment
    return "\0".join(sorted(set(present) - OF_THE_SHELL))


def process(_name: str) -> str:
    """Return what a process is apart from its environment: interpreter, paths, machine, user."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    options = tuple(sys.flags), sys.warnoptions
    return repr((sys.version, sys.executable, sys.path, options, socket.gethostname(), user))


STATES: Mapping[str, Callable[[str], str]] = {
    "content": content,
    "stamp": stamp,
    "type": file_type,
    "link": link,
    "names": names,
    "importable": importable_names,
    "variable": variable,
    "variables": variable_names,
    "process": process,
}
"""How an input is read, by the aspect of it that code can have read."""


@dataclass(frozen=True)
class ProjectInputs:
    """The names of the inputs, and one digest of all their states.

    Attributes:
        inputs: The names of the inputs by aspect, a key of ``STATES``.
        salt: The salt of the digest.
        digest: A digest that is slow to compute, because passwords may be among the inputs.
    """

    inputs: Mapping[str, Sequence[str]]
    salt: str
    digest: str

    @property
    def are_unchanged(self) -> bool:
        """Whether all inputs are as the project's code has read them."""
        try:
            states = {
                aspect: {name: STATES[aspect](name) for name in of_aspect}
                for aspect, of_aspect in self.inputs.items()
            }
        except (ValueError, KeyError):
            return False
        return _digest(states, self.salt) == self.digest


def project_inputs(states: Mapping[str, Mapping[str, str]]) -> ProjectInputs:
    """Return the inputs with these states.

    Args:
        states: The states of the inputs, by aspect and by name.
    """
    salt = os.urandom(16).hex()
    inputs = {aspect: sorted(of_aspect) for aspect, of_aspect in states.items()}
    return ProjectInputs(inputs, salt, _digest(states, salt))


def project_inputs_of(data: Mapping[str, Any]) -> ProjectInputs:
    """Return the inputs of which ``data`` is the JSON form."""
    return ProjectInputs(data["inputs"], data["salt"], data["digest"])


def _digest(states: Mapping[str, Mapping[str, str]], salt: str) -> str:
    text = json.dumps(states, sort_keys=True).encode()
    content_digest = hashlib.sha256(text).digest()
    derived = hashlib.scrypt(content_digest, salt=salt.encode(), n=_COST, r=8, p=1)
    return derived.hex()
