"""``driftcheck ignore``: writes an ignore entry into the project's ``pyproject.toml``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.items import AoT, Array, InlineTable, Table

from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.config.pyproject_file import PyprojectFile
from driftcheck.errors import ConfigurationError


def with_entry(text: str, entry: IgnoreEntry, path: Path) -> str:
    """Return the text of ``pyproject.toml`` with an ignore entry. Everything else stays as it is.

    If there is an entry with the same patterns, its reason and its last day are changed.

    Args:
        text: The text of the file; empty if there is no file.
        entry: The entry.
        path: The file, for messages.

    Raises:
        ConfigurationError: The file is not valid TOML, or ``ignore`` is not a list of tables.
    """
    file = PyprojectFile(text, path)
    section = file.section()
    entries = section.get("ignore")
    if entries is None:
        entries = section["ignore"] = tomlkit.array().multiline(multiline=True)
    if not isinstance(entries, (AoT, Array)):
        raise ConfigurationError(
            f"ignore in {path} is not a list", hint="Make it a list of tables: ignore = []."
        )
    existing = next((each for each in entries if _has_patterns_of(each, entry)), None)
    if existing is None:
        _append(entries, entry)
    else:
        _update(existing, entry)
    return file.text()


def _has_patterns_of(existing: Table | InlineTable, entry: IgnoreEntry) -> bool:
    return (existing.get("rule"), existing.get("address", "")) == (entry.rule, entry.address)


def _append(entries: AoT | Array, entry: IgnoreEntry) -> None:
    item = tomlkit.table() if isinstance(entries, AoT) else tomlkit.inline_table()
    for key in ("rule", "address", "reason", "until"):
        if value := getattr(entry, key):
            item[key] = value
    if isinstance(item, Table):
        item.add(tomlkit.nl())
    cast("list[Any]", entries).append(item)


def _update(existing: Table | InlineTable, entry: IgnoreEntry) -> None:
    """Change the reason and the last day of an entry. Its comments stay."""
    existing["reason"] = entry.reason
    if entry.until is None:
        existing.pop("until", None)
    elif "until" in existing or isinstance(existing, InlineTable):
        existing["until"] = entry.until
    else:  # what follows the last key may be a comment about the next table
        day = tomlkit.item(entry.until)
        existing.value._insert_after("reason", "until", day)  # noqa: SLF001  (no public way)
