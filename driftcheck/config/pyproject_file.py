"""Changes ``[tool.driftcheck]`` in the text of ``pyproject.toml``; everything else stays."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import InlineTable

from driftcheck.errors import ConfigurationError

_SECTION = re.compile(r"^\[tool\.driftcheck\]\n(?:(?!\[).+\n)+(?=\[)", re.MULTILINE)
"""The section, if another one follows it without an empty line. tomlkit writes a new one so."""


class PyprojectFile:
    """The text of a ``pyproject.toml`` that is changed.

    Args:
        text: The text of the file; empty if there is no file.
        path: The file, for messages.

    Raises:
        ConfigurationError: The file is not valid TOML.
    """

    def __init__(self, text: str, path: Path) -> None:
        self._before = text
        self._path = path
        try:
            self._document = tomlkit.parse(text)
        except TOMLKitError as error:
            raise ConfigurationError(
                f"{path} is not valid TOML: {error}", hint="Fix the syntax error."
            ) from None

    def section(self) -> MutableMapping[str, Any]:
        """Return ``[tool.driftcheck]``. It is added if it does not exist.

        Raises:
            ConfigurationError: It is not a table.
        """
        tool = self._document.setdefault("tool", tomlkit.table(is_super_table=True))
        if isinstance(tool, MutableMapping):
            is_inline = isinstance(tool, InlineTable)
            empty = tomlkit.inline_table() if is_inline else tomlkit.table()
            section = tool.setdefault("driftcheck", empty)
            if isinstance(section, MutableMapping):
                return section
        raise ConfigurationError(
            f"[tool.driftcheck] in {self._path} is not a table",
            hint="Make it a table, or remove it.",
        )

    def text(self) -> str:
        """Return the new text, with the line ends of the old one, and one at its end."""
        lines = tomlkit.dumps(self._document).replace("\r\n", "\n").rstrip("\n") + "\n"
        if not _SECTION.search(self._before.replace("\r\n", "\n")):
            lines = _SECTION.sub(r"\g<0>\n", lines)
        return lines.replace("\n", "\r\n") if "\r\n" in self._before else lines
