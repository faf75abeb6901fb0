"""``driftcheck ignore``: writes an ignore entry into the project's ``pyproject.toml``."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any, cast

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array, InlineTable, Table

from driftcheck.config.ignore_entry import IgnoreEntry
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
    try:
        document = tomlkit.parse(text)
    except TOMLKitError as error:
        raise ConfigurationError(
            f"{path} is not valid TOML: {error}", hint="Fix the syntax error."
        ) from None
    section = _section(document, path)
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
    return _with_newlines_of(text, tomlkit.dumps(document))


def _with_newlines_of(before: str, after: str) -> str:
    """Return a text with the newlines of the text that it replaces, and one at its end."""
    lines = after.replace("\r\n", "\n").rstrip("\n") + "\n"
    return lines.replace("\n", "\r\n") if "\r\n" in before else lines


def _section(document: tomlkit.TOMLDocument, path: Path) -> MutableMapping[str, Any]:
    """Return ``[tool.driftcheck]``. It is added if it does not exist."""
    tool = document.setdefault("tool", tomlkit.table(is_super_table=True))
    if isinstance(tool, MutableMapping):
        section = tool.setdefault("driftcheck", tomlkit.table())
        if isinstance(section, MutableMapping):
            return section
    raise ConfigurationError(
        f"[tool.driftcheck] in {path} is not a table", hint="Make it a table, or remove it."
    )


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
