"""Says which settings are given, and where each comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from driftcheck.config.settings import Settings, settings_in
from driftcheck.databases.location import parse_url, shown
from driftcheck.errors import ConfigurationError
from driftcheck.judging.diagnosis import Check, Status

_VARIABLES = (
    "FLASK_APP",
    "ALEMBIC_CONFIG",
    "DRIFTCHECK_CACHE_DIR",
    "DRIFTCHECK_SERVER_DIR",
    "DRIFTCHECK_GUARD",
)
"""The variables that change what driftcheck does, besides those of the settings."""
_OF_LIBPQ = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE", "PGOPTIONS")


def configuration_check(settings: Settings, options: Mapping[str, Any]) -> Check:
    """Return the settings that are not defaults, each with its source.

    Args:
        settings: The settings.
        options: The options of the command line, by the names of ``Settings``.
    """
    given = {key: _option(key, value) for key, value in options.items() if value not in (None, ())}
    sources = {**settings.sources, **given}
    lines = [f"{_value_text(settings, key)} ({source})" for key, source in sources.items()]
    lines += [*_passed_over(settings.root), *_variables()]
    count = len(sources)
    message = f"{count} setting{'s' if count > 1 else ''} given" if count else "only defaults"
    return Check("configuration", Status.OK, message, tuple(lines))


def _passed_over(root: Path) -> Iterator[str]:
    """Yield the nearest file above a directory with settings that are not read there."""
    if (root / "pyproject.toml").exists():
        return
    for parent in root.resolve().parents:
        path = parent / "pyproject.toml"
        with suppress(ConfigurationError, OSError):
            if path.is_file() and settings_in(path):
                yield f"not read: [tool.driftcheck] in {path}, because only {root} is searched"
                return


def _option(key: str, value: Any) -> str:
    """Return the option that gives a value to a setting."""
    if key == "x":
        return "-x"
    return f"--{'no-' * (value is False)}{key.replace('_', '-')}"


def _value_text(settings: Settings, key: str) -> str:
    value = getattr(settings, key)
    if (describe := _DESCRIBED.get(key)) is not None:
        text = describe(value)
    elif isinstance(value, (tuple, frozenset)):
        text = ", ".join(sorted(map(str, value))) or "none"
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"{key.replace('_', '-')}: {text}"


def _url_text(text: str) -> str:
    try:
        return shown(parse_url(text, named="")) if ":" in text else text
    except ConfigurationError:
        return "not a URL"


_DESCRIBED: Mapping[str, Callable[[Any], str]] = {
    "database_url": _url_text,
    "shadow": _url_text,
    "ignore": lambda entries: f"{len(entries)} entries",
    "baseline": lambda baseline: f"{len(baseline.entries)} findings",
    "bootstrap": lambda bootstrap: (
        bootstrap.what + f"@{bootstrap.revision}" * bool(bootstrap.revision)
    ),
    "guard": lambda guard: f"mode {guard.mode}" + ", required" * guard.required,
}
"""How the values of some settings are described."""


def _variables() -> Iterator[str]:
    """Yield the variables of the environment that are set. Those of libpq have no values."""
    for name in _VARIABLES:
        if value := os.environ.get(name):
            yield f"{name}={value} (environment)"
    of_libpq = [name for name in _OF_LIBPQ if os.environ.get(name)]
    if of_libpq:
        yield f"{', '.join(of_libpq)} (environment, for connections of the project and -d)"
