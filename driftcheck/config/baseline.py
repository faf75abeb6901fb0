"""The baseline of a project: a file with the findings that existed when it was written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from driftcheck.errors import ConfigurationError

FILE_NAME = "driftcheck-baseline.toml"
"""The baseline of a project that names no other file."""

_KEYS = frozenset(("rule", "address", "digest"))
_HINT = "Write the file again with driftcheck compare --write-baseline, or remove it."


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """A finding of the baseline.

    Attributes:
        rule: The rule of the finding.
        address: The address of its object, as in reports.
        digest: A digest of the differences. A finding with other differences is a new finding.
        database: The name of its database, in a project with several databases; otherwise empty.
    """

    rule: str
    address: str
    digest: str
    database: str = ""


@dataclass(frozen=True)
class Baseline:
    """The findings that existed on a day.

    Attributes:
        path: The file of the baseline.
        written: The day on which the file was written; ``None`` if it does not exist.
        entries: The findings.
    """

    path: Path = Path(FILE_NAME)
    written: date | None = None
    entries: frozenset[BaselineEntry] = frozenset()


def read_baseline(path: Path) -> Baseline:
    """Read a baseline.

    Args:
        path: The file. If it does not exist, the baseline has no findings.

    Raises:
        ConfigurationError: The file cannot be read, or it is not a baseline.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Baseline(path)
    except OSError as error:
        raise ConfigurationError(
            f"the baseline {path} cannot be read: {error.strerror}", hint=_HINT
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"the baseline {path} is not valid TOML: {error}", hint=_HINT
        ) from None
    written, findings = content.get("written"), content.get("findings", [])
    is_day = isinstance(written, date) and not isinstance(written, datetime)
    if not is_day or not isinstance(findings, list) or not all(map(_is_entry, findings)):
        raise ConfigurationError(f"{path} is not a baseline of driftcheck", hint=_HINT)
    return Baseline(path, written, frozenset(BaselineEntry(**finding) for finding in findings))


def _is_entry(finding: Any) -> bool:
    if not isinstance(finding, Mapping) or not all(isinstance(v, str) for v in finding.values()):
        return False
    return finding.keys() >= _KEYS and finding.keys() <= _KEYS | {"database"}


def baseline_text(baseline: Baseline) -> str:
    """Return the text of the file. Its entries are sorted, so that two versions can be compared."""
    # Imported here because it is needed only to write a baseline.
    import tomlkit  # noqa: PLC0415

    document = tomlkit.document()
    document.add(tomlkit.comment("Findings that do not fail a check, because they existed on the"))
    document.add(tomlkit.comment("day below. Written by: driftcheck compare --write-baseline"))
    document.add("written", tomlkit.item(baseline.written))
    findings = tomlkit.aot()
    for entry in sorted(baseline.entries, key=lambda e: (e.database, e.address, e.rule, e.digest)):
        finding = tomlkit.table()
        if entry.database:
            finding.add("database", entry.database)
        finding.add("rule", entry.rule)
        finding.add("address", entry.address)
        finding.add("digest", entry.digest)
        findings.append(finding)
    if baseline.entries:
        document.add("findings", findings)
    return document.as_string()
