"""An entry of ``ignore`` in ``[tool.driftcheck]``: a pattern of findings to ignore, and why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fnmatch import translate
from typing import Any

from driftcheck.errors import ConfigurationError
from driftcheck.suggestions import with_suggestion

_STRINGS = ("rule", "address", "reason")
_KEYS = (*_STRINGS, "until")
_WILDCARDS = re.compile(r"[*?\[]")
_HINT = (
    'An entry is {rule = "drift-index-*", address = "public.audit_*", reason = "why", '
    "until = 2027-01-31}. The keys rule and reason are required."
)


@dataclass(frozen=True)
class IgnoreEntry:
    """A pattern of findings to ignore, and the reason.

    Attributes:
        rule: A pattern for rules, with ``*``, ``?`` and ``[…]`` as in file names.
        reason: Why the findings are ignored.
        address: A pattern for the address of the object, or of the table that contains the object,
            written and quoted as in reports. If empty, every finding of the rule matches, even a
            finding without an object.
        until: The last day on which the entry applies; if not set, it has no end.
    """

    rule: str
    reason: str
    address: str = ""
    until: date | None = None

    @classmethod
    def read(cls, entry: Any) -> IgnoreEntry:
        """Read an entry from TOML.

        Raises:
            ConfigurationError: A key is unknown or missing, or a value is not valid.
        """
        if not isinstance(entry, Mapping):
            raise ConfigurationError(f"ignore must be a list of tables, not {entry!r}", hint=_HINT)
        for key, value in entry.items():
            _require_valid(key, value)
        for key in ("rule", "reason"):
            if key not in entry:
                raise ConfigurationError(f"an entry of ignore has no {key}", hint=_HINT)
        return cls(**entry)

    def matches(self, rule: str, addresses: Iterable[str]) -> bool:
        """Return whether the entry matches a finding.

        Args:
            rule: The rule of the finding.
            addresses: The addresses of its object and of the table that contains the object, as in
                reports. The comparison is case-sensitive.
        """
        if self.address and not any(_fits(self.address, address) for address in addresses):
            return False
        return self.names(rule)

    def names(self, rule: str) -> bool:
        """Return whether the pattern for rules matches a rule."""
        return _fits(self.rule, rule)

    def can_match(self, beginning: str) -> bool:
        """Return whether the entry can match a rule with this beginning."""
        wildcard = _WILDCARDS.search(self.rule)
        if wildcard is None:
            return self.rule.startswith(beginning)
        known = self.rule[: wildcard.start()]
        return known.startswith(beginning) or beginning.startswith(known)

    def is_over(self, today: date) -> bool:
        """Return whether the last day of the entry has passed."""
        return self.until is not None and self.until < today

    def __str__(self) -> str:
        """Return the patterns, for messages."""
        return f"{self.rule} at {self.address}" if self.address else self.rule


def _fits(pattern: str, text: str) -> bool:
    return re.match(translate(pattern), text) is not None


def _require_valid(key: str, value: Any) -> None:
    if key not in _KEYS:
        known = f"The known keys are: {', '.join(_KEYS)}."
        raise ConfigurationError(
            f"an entry of ignore has an unknown key: {key}",
            hint=with_suggestion(key, _KEYS, known),
        )
    if key in _STRINGS and not (isinstance(value, str) and value.strip()):
        raise ConfigurationError(
            f"{key} in an entry of ignore must be a string that is not empty, not {value!r}",
            hint=_HINT,
        )
    if key == "until" and (not isinstance(value, date) or isinstance(value, datetime)):
        raise ConfigurationError(
            f"until in an entry of ignore must be a date, not {str(value)!r}",
            hint="Write it without quotes: until = 2027-01-31.",
        )
