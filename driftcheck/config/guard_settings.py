"""The settings of the guard: ``[tool.driftcheck.guard]`` and an environment variable."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from driftcheck.errors import ConfigurationError
from driftcheck.suggestions import with_suggestion

VARIABLE = "DRIFTCHECK_GUARD"
"""The environment variable that overrides ``mode`` for one command."""


class Mode(StrEnum):
    """What the guard does with operations that exist because of drift."""

    REFUSE = "refuse"
    STRIP = "strip"
    WARN = "warn"
    OFF = "off"


@dataclass(frozen=True)
class GuardSettings:
    """The settings of the guard.

    Attributes:
        mode: What it does with operations that exist because of drift.
        required: Whether no migration may be written if the guard cannot work.
    """

    mode: Mode = Mode.REFUSE
    required: bool = False

    @classmethod
    def read(cls, table: object) -> GuardSettings:
        """Read ``[tool.driftcheck.guard]``.

        Raises:
            ConfigurationError: It is not valid.
        """
        where = "[tool.driftcheck.guard]"
        if not isinstance(table, Mapping):
            raise ConfigurationError(f"{where} is not a table", hint=_KNOWN)
        unknown = sorted(set(table) - {*_KEYS})
        if unknown:
            raise ConfigurationError(
                f"{where} has an unknown key: {unknown[0]}",
                hint=with_suggestion(unknown[0], _KEYS, _KNOWN),
            )
        required = table.get("required", False)
        if not isinstance(required, bool):
            raise ConfigurationError(
                f"required in {where} must be true or false, not {required!r}", hint=_KNOWN
            )
        return cls(_mode(table.get("mode", Mode.REFUSE), f"mode in {where}"), required)

    def overridden(self) -> GuardSettings:
        """Return the settings with the mode of the environment variable, if it is set.

        Raises:
            ConfigurationError: The variable has no valid value.
        """
        value = os.environ.get(VARIABLE)
        return replace(self, mode=_mode(value, VARIABLE)) if value else self


_KEYS = ("mode", "required")
_KNOWN = 'The keys are mode = "refuse", "strip", "warn" or "off", and required = true or false.'


def _mode(value: Any, named: str) -> Mode:
    try:
        return Mode(value)
    except ValueError:
        raise ConfigurationError(
            f"{named} must be refuse, strip, warn or off, not {value!r}", hint=_KNOWN
        ) from None
