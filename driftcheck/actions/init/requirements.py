"""Finds how the environment of a project is installed, as commands for continuous integration."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Requirements:
    """How a project and driftcheck are installed.

    Attributes:
        install: The commands, in this order.
        run: What has to precede a command that runs in the environment, with a space; may be empty.
        is_known: Whether the requirements of the project were found.
    """

    install: tuple[str, ...]
    run: str = ""
    is_known: bool = True


def requirements_of(root: Path, driftcheck: str) -> Requirements:
    """Find out how a project and driftcheck are installed.

    Args:
        root: The project's directory.
        driftcheck: The requirement of driftcheck, with its extras.
    """
    own = f"'{driftcheck}'"
    if (root / "uv.lock").is_file():
        return Requirements(
            ("pip install uv", "uv sync --frozen", f"uv pip install {own}"), "uv run --no-sync "
        )
    if (root / "poetry.lock").is_file():
        return Requirements(
            (
                "pip install poetry",
                "poetry install --no-root",
                f"poetry run python -m pip install {own}",
            ),
            "poetry run ",
        )
    if (root / "requirements.txt").is_file():
        return Requirements((f"pip install -r requirements.txt {own}",))
    if _is_package(root):
        return Requirements((f"pip install . {own}",))
    return Requirements((f"pip install {own}",), is_known=False)


def _is_package(root: Path) -> bool:
    if (root / "setup.py").is_file():
        return True
    try:
        tables = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return "project" in tables
