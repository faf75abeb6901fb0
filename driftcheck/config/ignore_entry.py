"""One entry of ``ignore`` in ``[tool.driftcheck]``: which findings do not count, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import translate
from typing import Any

from driftcheck.errors import ConfigurationError

_TEXTS = ("rule", "address", "reason")
_KEYS = (*_TEXTS, "until")
_WILDCARDS = re.compile(r"[*?\[]")
_HINT = (
    'An entry is {rule = "drift-index-*", address = "public.audit_*", reason = "why", '
    "until = 2027-01-31}; rule and reason are needed."
)


@dataclass(frozen=True)
class IgnoreEntry:
    """Which findings do not count, and why.

    Attributes:
        rule: A pattern for rules: ``*``, ``?`` and ``[…]`` as in file names.
        reason: Why they do not count.
        address: A pattern for the address of the object, or of the table that it is part of,
            written and quoted as reports write it; empty for every finding of the rule, also for
            one that is of no object.
        until: The last day on which they do not count; ``None`` for ever.
    """

    rule: str
    reason: str
    address: str = ""
    until: date | None = None

    @classmethod
    def read(cls, said: Any) -> IgnoreEntry:
        """Read an entry as TOML has it.

        Raises:
            ConfigurationError: A key is unknown or missing, or a value cannot be.
        """
        if not isinstance(said, Mapping):
            raise ConfigurationError(f"ignore must be a list of tables, not {said!r}", hint=_HINT)
        for key, value in said.items():
            _require_possible(key, value)
        for key in ("rule", "reason"):
            if key not in said:
                raise ConfigurationError(f"an entry of ignore has no {key}", hint=_HINT)
        return cls(**said)

    def matches(self, rule: str, addresses: Iterable[str]) -> bool:
        """Whether it is about a finding.

        Args:
            rule: The finding's rule.
            addresses: Those of its object and of the whole that it is part of, as reports write
                them. Case counts, as it does in a database.
        """
        if self.address and not any(_fits(self.address, address) for address in addresses):
            return False
        return self.names(rule)

    def names(self, rule: str) -> bool:
        """Whether it may be about findings of a rule."""
        return _fits(self.rule, rule)

    def can_match(self, beginning: str) -> bool:
        """Whether it may be about findings whose rules begin so."""
        wildcard = _WILDCARDS.search(self.rule)
        if wildcard is None:
            return self.rule.startswith(beginning)
        known = self.rule[: wildcard.start()]
        return known.startswith(beginning) or beginning.startswith(known)

    def is_over(self, today: date) -> bool:
        """Whether its last day has passed."""
        return self.until is not None and self.until < today

    def __str__(self) -> str:
        """What it is about, as it is written."""
        return f"{self.rule} at {self.address}" if self.address else self.rule


def _fits(pattern: str, text: str) -> bool:
    return re.match(translate(pattern), text) is not None


def _require_possible(key: str, value: Any) -> None:
    if key not in _KEYS:
        known = ", ".join(_KEYS)
        raise ConfigurationError(
            f"an entry of ignore has an unknown key: {key}", hint=f"It knows these: {known}."
        )
    if key in _TEXTS and not (isinstance(value, str) and value.strip()):
        raise ConfigurationError(
            f"{key} in an entry of ignore must be a text, not {value!r}", hint=_HINT
        )
    if key == "until" and (not isinstance(value, date) or isinstance(value, datetime)):
        raise ConfigurationError(
            f"until in an entry of ignore must be a date, not {str(value)!r}",
            hint="Write it without quotes: until = 2027-01-31.",
        )
