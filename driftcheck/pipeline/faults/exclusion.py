"""Writes how a project excludes a table from autogenerate."""

from __future__ import annotations

HOW_TO_EXCLUDE = "Exclude it in env.py, with the option include_object of context.configure()."
_CODE = """\
def include_object(item, name, kind, reflected, compare_to):
    return kind != "table" or name != {name!r}"""


def excluding_code(name: str) -> str:
    """Return the code for env.py that excludes a table.

    Args:
        name: The name of the table.
    """
    return _CODE.format(name=name)
