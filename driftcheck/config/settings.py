"""The settings: from options, then the environment, then ``[tool.driftcheck]``."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from driftcheck.chain import CHAIN, Gap
from driftcheck.config.baseline import FILE_NAME, Baseline, read_baseline
from driftcheck.config.guard_settings import GuardSettings
from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.errors import ConfigurationError
from driftcheck.process.deadline import DEFAULT_SECONDS
from driftcheck.process.masking import learn_url
from driftcheck.suggestions import with_suggestion

_RULE = re.compile(r"[a-z]+(-[a-z0-9]+)+")  # judging knows which rules exist
ENVIRONMENT = {
    "database_url": "DRIFTCHECK_DATABASE_URL",
    "shadow": "DRIFTCHECK_SHADOW",
    "timeout": "DRIFTCHECK_TIMEOUT",
}
_LONGEST_TIMEOUT = 24 * 60 * 60


@dataclass(frozen=True)
class Bootstrap:
    """What to run in a shadow before a history that does not build from an empty database.

    Attributes:
        what: ``create_all``, ``import``, ``a/file.sql``, ``package.module:callable`` or
            ``command: a shell command``.
        revision: The revision after which the history starts; empty for the beginning.
    """

    what: str
    revision: str = ""

    @classmethod
    def parse(cls, text: str) -> Bootstrap:
        """Return the bootstrap for ``WHAT`` or ``WHAT@REVISION``."""
        what, _, revision = text.rpartition("@") if "@" in text else (text, "", "")
        return cls(what.strip(), revision.strip())


@dataclass(frozen=True)
class Settings:
    """The settings of a check.

    Attributes:
        root: The project's directory. Relative paths start here.
        app: The Flask app, as ``flask --app`` takes it.
        config: An Alembic configuration file, or ``package.module:callable`` that builds one.
        name: The section of the Alembic configuration file.
        x: The ``-x`` arguments for env.py.
        directory: The migrations directory of a Flask-Migrate project.
        database_url: The live database; if not set, the database of the project.
        shadow: Where shadow databases are created: a URL or ``same-server``; if not set, the first
            that is possible.
        timeout: The time limit of one statement, in seconds.
        bootstrap: What to run before a history that does not build from an empty database.
        base_snapshot: A snapshot file from whose schema the history starts.
        fail_on: The gaps and rules that fail a check, and ``hazards``.
        gaps: The gaps to compare.
        schemas: The schemas to compare; empty for all.
        grants: Whether privileges are compared.
        owners: Whether owners are compared.
        strict_coverage: Whether a check without findings fails if objects were not compared.
        settings: Whether the settings of the database and of roles are reported as notes.
        cache: Whether the results of a replay are cached.
        base: The git ref that the revisions will be merged into; if not set, the default branch.
        with_data: Whether tables have rows when new revisions run.
        ignore: The findings to ignore.
        baseline: The findings that do not fail a check, because they existed before.
        guard: What the guard does.
        sources: Where a setting comes from if not from its option, by its name.
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
    baseline: Baseline = field(default_factory=Baseline)
    guard: GuardSettings = field(default_factory=GuardSettings)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def named(self, key: str) -> str:
        """Return where a setting comes from, for messages: its option, or its variable.

        Args:
            key: The name of the setting, such as ``database_url``.
        """
        return self.sources.get(key, f"--{key.replace('_', '-')}")

    @property
    def names_database(self) -> bool:
        """Whether an option of the command line names the live database."""
        return self.database_url is not None and "database_url" not in self.sources

    @property
    def covers_project(self) -> bool:
        """Whether no option of the command line restricts what is checked."""
        return self.extent == load_settings(self.root, {}).extent

    @property
    def extent(self) -> tuple[object, ...]:
        """What is compared of a database, apart from the gaps."""
        return self.schemas, self.grants, self.owners


def load_settings(root: Path, options: Mapping[str, Any]) -> Settings:
    """Combine options, environment and ``[tool.driftcheck]``; the former override the latter.

    Args:
        root: The project's directory, which may have a ``pyproject.toml``.
        options: The options of the command line, by the names of ``Settings``. ``None`` and empty
            values mean that the option was not given.

    Raises:
        ConfigurationError: A key is unknown, or a value is not valid.
    """
    values = settings_in(root / "pyproject.toml")
    sources = {key: f"{key.replace('_', '-')} in [tool.driftcheck]" for key in values}
    values = {"baseline": FILE_NAME} | values
    variables = {key: name for key, name in ENVIRONMENT.items() if os.environ.get(name)}
    values |= {key: os.environ[name] for key, name in variables.items()}
    given = {key: value for key, value in options.items() if value not in (None, (), "")}
    values |= given
    sources = {key: name for key, name in (sources | variables).items() if key not in given}
    for key in ENVIRONMENT:
        learn_url(str(values.get(key, "")))
    read: dict[str, Any] = {key: READERS[key](key, value, root) for key, value in values.items()}
    return Settings(root=root, sources=sources, **read)


def settings_in(path: Path) -> dict[str, Any]:
    """Return the values of ``[tool.driftcheck]`` in a file, by their keys; none without the file.

    Raises:
        ConfigurationError: The file cannot be read, or its section is not valid.
    """
    if not path.is_file():
        return {}
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} is not valid TOML: {error}", hint="Fix the syntax error."
        ) from None
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from None
    section = table.get("driftcheck", {}) if isinstance(table, dict) else table
    if not isinstance(section, dict):
        raise ConfigurationError(
            f"[tool.driftcheck] in {path} is not a table",
            hint=f"The known keys are: {', '.join(_known())}.",
        )
    values = {key.replace("-", "_"): value for key, value in section.items()}
    unknown = sorted(set(values) - set(READERS))
    if unknown:
        raise ConfigurationError(
            f"[tool.driftcheck] in {path} has an unknown key: {unknown[0].replace('_', '-')}",
            hint=with_suggestion(
                unknown[0].replace("_", "-"),
                _known(),
                f"The known keys are: {', '.join(_known())}.",
            ),
        )
    return values


def _known() -> list[str]:
    return sorted(key.replace("_", "-") for key in READERS)


def _string(key: str, value: Any, _root: Path) -> str:
    if not isinstance(value, str):
        raise _invalid(key, value, "a string")
    return value


def _strings(key: str, value: Any, _root: Path) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(item, str) for item in values):
        raise _invalid(key, value, "a list of strings")
    return tuple(values)


def _flag(key: str, value: Any, _root: Path) -> bool:
    if not isinstance(value, bool):
        raise _invalid(key, value, "true or false")
    return value


def _seconds(key: str, value: Any, _root: Path) -> float:
    """Return a number of seconds. The value from the environment is a string."""
    try:
        seconds = float(value) if isinstance(value, (str, int, float)) else 0.0
    except ValueError:
        seconds = 0.0
    if isinstance(value, bool) or not 1 <= seconds <= _LONGEST_TIMEOUT:
        raise _invalid(key, value, f"a number of seconds from 1 to {_LONGEST_TIMEOUT}")
    return seconds


def _words(key: str, value: Any, root: Path) -> frozenset[str]:
    """Return the words of strings. A string may have several words, separated by commas."""
    words = (part.strip() for text in _strings(key, value, root) for part in text.split(","))
    return frozenset(word for word in words if word and word != "none")


def _gaps(key: str, value: Any, root: Path) -> tuple[Gap, ...]:
    wanted = _words(key, value, root)
    if not wanted <= set(CHAIN):
        raise _invalid(
            key, ", ".join(sorted(wanted)), "a list of pending, unapplied and drift, or none"
        )
    return tuple(gap for gap in CHAIN if gap in wanted)


def _fail_on(key: str, value: Any, root: Path) -> frozenset[str]:
    wanted = _words(key, value, root)
    for word in sorted(wanted):
        if word not in (*CHAIN, "hazards") and not _RULE.fullmatch(word):
            raise _invalid(
                key, word, "a list of pending, unapplied, drift, hazards and rules, or none"
            )
    return wanted


def _bootstrap(key: str, value: Any, root: Path) -> Bootstrap:
    return Bootstrap.parse(_string(key, value, root))


def _path(key: str, value: Any, root: Path) -> Path:
    return root / _string(key, value, root)


def _baseline(key: str, value: Any, root: Path) -> Baseline:
    return read_baseline(root / _string(key, value, root))


def _ignore(key: str, value: Any, _root: Path) -> tuple[IgnoreEntry, ...]:
    if not isinstance(value, list):
        raise _invalid(key, value, "a list of tables")
    return tuple(map(IgnoreEntry.read, value))


def _guard(_key: str, value: Any, _root: Path) -> GuardSettings:
    return GuardSettings.read(value)


def _invalid(key: str, value: Any, wanted: str) -> ConfigurationError:
    return ConfigurationError(
        f"{key.replace('_', '-')} must be {wanted}, not {value!r}",
        hint="Check the option, the environment variable if there is one, and [tool.driftcheck] in "
        "pyproject.toml.",
    )


READERS = {
    "app": _string,
    "config": _string,
    "name": _string,
    "x": _strings,
    "directory": _string,
    "database_url": _string,
    "shadow": _string,
    "timeout": _seconds,
    "bootstrap": _bootstrap,
    "base_snapshot": _path,
    "fail_on": _fail_on,
    "gaps": _gaps,
    "schemas": _strings,
    "grants": _flag,
    "owners": _flag,
    "strict_coverage": _flag,
    "settings": _flag,
    "cache": _flag,
    "base": _string,
    "with_data": _flag,
    "ignore": _ignore,
    "baseline": _baseline,
    "guard": _guard,
}
"""The settings of ``[tool.driftcheck]``, each with the function that reads its value."""
