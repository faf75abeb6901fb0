"""What driftcheck is told: options over the environment over ``[tool.driftcheck]``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driftcheck.chain import CHAIN, Gap
from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.errors import ConfigurationError
from driftcheck.process.deadline import DEFAULT_SECONDS
from driftcheck.process.masking import learn_url

_RULE = re.compile(r"[a-z]+(-[a-z0-9]+)+")  # which there are, is known to those who judge
ENVIRONMENT = {
    "database_url": "DRIFTCHECK_DATABASE_URL",
    "shadow": "DRIFTCHECK_SHADOW",
    "timeout": "DRIFTCHECK_TIMEOUT",
}
_LONGEST_TIMEOUT = 24 * 60 * 60


@dataclass(frozen=True)
class Bootstrap:
    """What a shadow needs before a history that does not build from nothing.

    Attributes:
        what: ``create_all``, ``import``, ``a/file.sql``, ``package.module:callable`` or
            ``command: a shell command``.
        revision: Where the history is taken up afterwards; empty for its beginning.
    """

    what: str
    revision: str = ""

    @classmethod
    def parse(cls, text: str) -> Bootstrap:
        """Parse ``WHAT`` or ``WHAT@REVISION``."""
        what, _, revision = text.rpartition("@") if "@" in text else (text, "", "")
        return cls(what.strip(), revision.strip())


@dataclass(frozen=True)
class Settings:
    """Everything that driftcheck is told about one check.

    Attributes:
        root: The project's directory; relative paths start here.
        app: The Flask app, as ``flask --app`` takes it.
        config: An Alembic configuration file, or ``package.module:callable`` that builds one.
        name: The section of an Alembic configuration file with several.
        x: The ``-x`` arguments for env.py.
        directory: The migrations directory of a Flask-Migrate project.
        database_url: The live database, in place of the one the project names.
        shadow: Where shadow databases are made: a URL, ``same-server``, or empty to choose.
        timeout: How many seconds one statement on a database may take.
        bootstrap: What comes before a history that does not build from nothing.
        base_snapshot: A snapshot file to begin the history from.
        fail_on: What fails a check: gaps, hazards, rules.
        gaps: The gaps to look at.
        schemas: The schemas to look at; empty for all.
        grants: Whether privileges count.
        owners: Whether owners count.
        strict_coverage: Whether a check that finds nothing fails where not all was compared.
        settings: Whether the settings of the database and of roles are told, as notes.
        cache: Whether a history replayed once may be taken from the cache.
        base: What a gate holds the revisions against; ``None`` for the usual branch.
        with_data: Whether tables have rows when new revisions are tried on them.
        ignore: Which findings do not count.
    """

    root: Path = field(default_factory=Path.cwd)
    app: str | None = None
    config: str | None = None
    name: str | None = None
    x: tuple[str, ...] = ()
    directory: str | None = None
    database_url: str | None = None
    shadow: str | None = None
    timeout: float = DEFAULT_SECONDS
    bootstrap: Bootstrap | None = None
    base_snapshot: Path | None = None
    fail_on: frozenset[str] = frozenset({Gap.DRIFT, Gap.PENDING})
    gaps: tuple[Gap, ...] = CHAIN
    schemas: tuple[str, ...] = ()
    grants: bool = False
    owners: bool = False
    strict_coverage: bool = False
    settings: bool = False
    cache: bool = True
    base: str | None = None
    with_data: bool = False
    ignore: tuple[IgnoreEntry, ...] = ()

    @property
    def extent(self) -> tuple[object, ...]:
        """How much of a database is looked at, the gaps apart."""
        return self.schemas, self.grants, self.owners


def load_settings(root: Path, options: Mapping[str, Any]) -> Settings:
    """Join options, environment and ``[tool.driftcheck]``, the first of them that speaks.

    Args:
        root: The project's directory, where its ``pyproject.toml`` is looked for.
        options: What the command line said, by the names of ``Settings``; ``None`` and empty
            values say nothing.

    Raises:
        ConfigurationError: A key is unknown, or a value cannot be.
    """
    said = _from_file(root)
    said |= {key: os.environ[name] for key, name in ENVIRONMENT.items() if os.environ.get(name)}
    said |= {key: value for key, value in options.items() if value not in (None, (), "")}
    for key in ENVIRONMENT:
        learn_url(str(said.get(key, "")))
    read: dict[str, Any] = {key: _READERS[key](key, value, root) for key, value in said.items()}
    return Settings(root=root, **read)


def _from_file(root: Path) -> dict[str, Any]:
    path = root / "pyproject.toml"
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} is not valid TOML: {error}", hint="Mend it there; every tool reads it."
        ) from None
    section = table.get("driftcheck", {}) if isinstance(table, dict) else table
    if not isinstance(section, dict):
        raise ConfigurationError(
            f"[tool.driftcheck] in {path} is no table", hint=f"Its keys may be: {_known()}."
        )
    said = {key.replace("-", "_"): value for key, value in section.items()}
    unknown = sorted(set(said) - set(_READERS))
    if unknown:
        raise ConfigurationError(
            f"[tool.driftcheck] in {path} has an unknown key: {unknown[0].replace('_', '-')}",
            hint=f"It knows these: {_known()}.",
        )
    return said


def _known() -> str:
    return ", ".join(sorted(key.replace("_", "-") for key in _READERS))


def _text(key: str, value: Any, _root: Path) -> str:
    if not isinstance(value, str):
        raise _wrong(key, value, "a text")
    return value


def _texts(key: str, value: Any, _root: Path) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) for item in values):
        raise _wrong(key, value, "a list of texts")
    return tuple(values)


def _flag(key: str, value: Any, _root: Path) -> bool:
    if not isinstance(value, bool):
        raise _wrong(key, value, "true or false")
    return value


def _seconds(key: str, value: Any, _root: Path) -> float:
    """A number of seconds; the environment gives it as a text."""
    try:
        seconds = float(value) if isinstance(value, (str, int, float)) else 0.0
    except ValueError:
        seconds = 0.0
    if isinstance(value, bool) or not 1 <= seconds <= _LONGEST_TIMEOUT:
        raise _wrong(key, value, f"a number of seconds from 1 to {_LONGEST_TIMEOUT}")
    return seconds


def _words(key: str, value: Any, root: Path) -> frozenset[str]:
    """Texts, several of which may stand in one with commas between."""
    words = (part.strip() for text in _texts(key, value, root) for part in text.split(","))
    return frozenset(word for word in words if word and word != "none")


def _gaps(key: str, value: Any, root: Path) -> tuple[Gap, ...]:
    wanted = _words(key, value, root)
    if not wanted <= set(CHAIN):
        raise _wrong(key, ", ".join(sorted(wanted)), "some of pending, unapplied, drift; or none")
    return tuple(gap for gap in CHAIN if gap in wanted)


def _fail_on(key: str, value: Any, root: Path) -> frozenset[str]:
    wanted = _words(key, value, root)
    for word in sorted(wanted):
        if word not in (*CHAIN, "hazards") and not _RULE.fullmatch(word):
            raise _wrong(key, word, "some of pending, unapplied, drift, hazards, or rules; or none")
    return wanted


def _bootstrap(key: str, value: Any, root: Path) -> Bootstrap:
    return Bootstrap.parse(_text(key, value, root))


def _path(key: str, value: Any, root: Path) -> Path:
    return root / _text(key, value, root)


def _ignore(key: str, value: Any, _root: Path) -> tuple[IgnoreEntry, ...]:
    if not isinstance(value, list):
        raise _wrong(key, value, "a list of tables")
    return tuple(map(IgnoreEntry.read, value))


def _wrong(key: str, value: Any, wanted: str) -> ConfigurationError:
    return ConfigurationError(
        f"{key.replace('_', '-')} must be {wanted}, not {value!r}",
        hint="It is said by an option, or in [tool.driftcheck] in pyproject.toml.",
    )


_READERS = {
    "app": _text,
    "config": _text,
    "name": _text,
    "x": _texts,
    "directory": _text,
    "database_url": _text,
    "shadow": _text,
    "timeout": _seconds,
    "bootstrap": _bootstrap,
    "base_snapshot": _path,
    "fail_on": _fail_on,
    "gaps": _gaps,
    "schemas": _texts,
    "grants": _flag,
    "owners": _flag,
    "strict_coverage": _flag,
    "settings": _flag,
    "cache": _flag,
    "base": _text,
    "with_data": _flag,
    "ignore": _ignore,
}
