"""Shows how a file of the project is changed."""

from __future__ import annotations

from difflib import unified_diff

from driftcheck.reports.visible import visible


def file_diff(name: str, before: str, after: str) -> str:
    """Return a unified diff for a terminal; empty if nothing is changed.

    Args:
        name: The path of the file, as it is shown.
        before: The text of the file.
        after: Its new text.
    """
    lines = unified_diff(before.splitlines(), after.splitlines(), name, name, lineterm="")
    return "".join(visible(line, keep="\t") + "\n" for line in lines)
