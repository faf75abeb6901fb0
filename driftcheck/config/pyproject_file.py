"""Changes ``[tool.driftcheck]`` in the text of ``pyproject.toml``; everything else stays."""

from __future__ import annotations

from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from driftcheck.errors import ConfigurationError


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
            section = tool.setdefault("driftcheck", tomlkit.table())
            if isinstance(section, MutableMapping):
                return section
        raise ConfigurationError(
            f"[tool.driftcheck] in {self._path} is not a table",
            hint="Make it a table, or remove it.",
        )

    def text(self) -> str:
        """Return the new text, with the line ends of the old one, and one at its end."""
        lines = tomlkit.dumps(self._document).replace("\r\n", "\n").rstrip("\n") + "\n"
        return lines.replace("\n", "\r\n") if "\r\n" in self._before else lines
