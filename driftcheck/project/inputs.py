"""What code has read from its surroundings, and whether all of it is unchanged.

Code that reads the same again has the same result again. So a result may be taken from a cache
while its inputs are unchanged.

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
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

States = Mapping[str, Mapping[str, str]]
"""The states of inputs, by aspect and by name. An aspect is what of an input code can read."""

OF_THE_SHELL = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
"""Variables that a shell sets for each command. Code that copies the environment reads them too."""
LARGEST = 256 * 1024**2
"""In bytes: a larger file is not digested."""
_OF_THE_INTERPRETER = ("LANG", "LC_", "PYTHON", "TZ")
"""The beginnings of the names of variables that Python reads itself."""
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


def _content(path: str) -> str:
    """Return a digest of the content of a file; empty if it cannot be read.

    Raises:
        ValueError: The path is not a regular file, or the file is too large.
    """
    try:
        found = os.stat(path)  # noqa: PTH116  (a Path would take as long as the reading)
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
            raise ValueError(path)
        with Path(path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _stamp(path: str) -> str:
    """Return the size and the time of a file; empty if it does not exist.

    Python itself decides so whether the compiled form of a module is current.
    """
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def _type(path: str) -> str:
    """Return whether a path is a file, a directory or something else; empty if it is missing."""
    try:
        return str(stat.S_IFMT(os.stat(path).st_mode))  # noqa: PTH116
    except OSError:
        return ""


def _link(path: str) -> str:
    """Return the target of a symbolic link; empty if the path is none."""
    try:
        return os.readlink(path)  # noqa: PTH115
    except OSError:
        return ""


def _names(path: str) -> str:
    """Return the names in a directory; empty if it cannot be read."""
    listed = _listed(path)
    if listed is None:
        return ""
    return "\0".join(["", *(name for name in listed if name != _COMPILED)])


def _importable(path: str) -> str:
    """Return the names in a directory that may concern an import; empty if it cannot be read."""
    return "\0".join(
        name
        for name in _listed(path) or ()
        if name[0] != "." and name != _COMPILED and os.path.splitext(name)[1] in _IMPORTABLE  # noqa: PTH122
    )


def _listed(path: str) -> list[str] | None:
    try:
        return sorted(os.listdir(path))  # noqa: PTH208
    except OSError:
        return None


def _process(_name: str) -> str:
    """Return what a process is apart from its environment: interpreter, paths, machine, user."""
    user = os.getuid() if hasattr(os, "getuid") else ""
    options = tuple(sys.flags), sys.warnoptions
    return repr((sys.version, sys.executable, sys.path, options, socket.gethostname(), user))


def _variable(name: str, environment: Mapping[str, str]) -> str:
    """Return the value of an environment variable, with a mark that tells empty from missing."""
    value = environment.get(name)
    return "" if value is None else f"={value}"


def _variables(_name: str, environment: Mapping[str, str]) -> str:
    """Return the names of all environment variables, except those of the shell."""
    return "\0".join(sorted({*environment} - OF_THE_SHELL))


_ASPECTS: Mapping[str, Callable[[str], str]] = {
    "content": _content,
    "stamp": _stamp,
    "type": _type,
    "link": _link,
    "names": _names,
    "importable": _importable,
    "process": _process,
}
_ASPECTS_OF_ENVIRONMENT: Mapping[str, Callable[[str, Mapping[str, str]], str]] = {
    "variable": _variable,
    "variables": _variables,
}


def state_of(aspect: str, name: str, environment: Mapping[str, str]) -> str:
    """Return the state of an input now.

    Args:
        aspect: What of it is read.
        name: A path or the name of an environment variable.
        environment: The environment variables.

    Raises:
        ValueError: The input cannot be read again.
        KeyError: There is no such aspect.
    """
    if aspect in _ASPECTS_OF_ENVIRONMENT:
        return _ASPECTS_OF_ENVIRONMENT[aspect](name, environment)
    return _ASPECTS[aspect](name)


@dataclass(frozen=True)
class Inputs:
    """The names of what code has read, and one digest of all its states.

    Attributes:
        names: The names of the inputs, by aspect.
        salt: The salt of the digest.
        digest: A digest that is slow to compute, because passwords may be among the inputs.
    """

    names: Mapping[str, Sequence[str]]
    salt: str
    digest: str

    def unchanged(
        self, environment: Mapping[str, str] | None = None, known: States | None = None
    ) -> States | None:
        """Return the states of the inputs, if all of them are as the code has read them.

        Args:
            environment: The environment variables; by default, those of this process.
            known: States that count as the present ones.
        """
        present = os.environ if environment is None else environment
        states: dict[str, dict[str, str]] = {}
        try:
            for aspect, names in self.names.items():
                of_aspect = known.get(aspect, {}) if known is not None else {}
                states[aspect] = {
                    name: of_aspect[name] if name in of_aspect else state_of(aspect, name, present)
                    for name in names
                }
        except (ValueError, KeyError, TypeError, AttributeError):  # the cache may be damaged
            return None
        return states if _digest(states, self.salt) == self.digest else None

    def as_json(self) -> dict[str, Any]:
        """Return a form that ``inputs_of`` converts back."""
        return asdict(self)


def inputs_with(states: States) -> Inputs:
    """Return the inputs with these states."""
    present = {aspect: of_aspect for aspect, of_aspect in states.items() if of_aspect}
    salt = _salts.get(_fast_digest(present)) or os.urandom(16).hex()
    names = {aspect: sorted(of_aspect) for aspect, of_aspect in present.items()}
    return Inputs(names, salt, _digest(present, salt))


def merged(states: States | None, more: States | None) -> States | None:
    """Return the states of the inputs of two runs; ``None`` if one is not known or has changed."""
    if states is None or more is None:
        return None
    both = {
        aspect: {**states.get(aspect, {}), **more.get(aspect, {})} for aspect in {*states, *more}
    }
    is_changed = any(
        both[aspect][name] != state for aspect in states for name, state in states[aspect].items()
    )
    return None if is_changed else both


def inputs_of(data: Any) -> Inputs | None:
    """Return the inputs of which ``data`` is the JSON form; ``None`` if it is damaged."""
    try:
        return Inputs(**data)
    except TypeError:
        return None


def surroundings() -> str:
    """Return what the result of code depends on although the code itself does not read it.

    That is the interpreter, the variables that it reads itself, and the machine.
    """
    import platform  # noqa: PLC0415  (a quick check of drift does not need it)

    variables = {
        name: hashlib.sha256(value.encode(errors="surrogateescape")).hexdigest()
        for name, value in os.environ.items()
        if name.startswith(_OF_THE_INTERPRETER)
    }
    interpreter = sys.version, sys.prefix, tuple(sys.flags), sorted(variables.items())
    machine = platform.system(), platform.release(), platform.machine(), platform.node()
    return repr((interpreter, machine))


_salts: dict[bytes, str] = {}
"""The salts with which this process has digested states: with the same one, it need not again."""


def _digest(states: States, salt: str) -> str:
    if not states:
        return ""
    fast_digest = _fast_digest(states)
    _salts[fast_digest] = salt
    return _slow_digest(fast_digest, salt)


def _fast_digest(states: States) -> bytes:
    """Return a digest that must not leave the process."""
    return hashlib.sha256(json.dumps(states, sort_keys=True).encode()).digest()


@cache
def _slow_digest(fast_digest: bytes, salt: str) -> str:
    return hashlib.scrypt(fast_digest, salt=salt.encode(), n=_COST, r=8, p=1).hex()
