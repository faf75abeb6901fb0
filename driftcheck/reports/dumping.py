"""Writes values as JSON that any stream can carry and no terminal obeys."""

from __future__ import annotations

import json
from typing import Any

from driftcheck.reports.page import Page
from driftcheck.reports.visible import is_plain


def dump(value: Any, page: Page) -> str:
    """Write a value as JSON, whatever the width of the page."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "\n".join(_safe(line, page.encoding) for line in text.split("\n")) + "\n"


def _safe(line: str, encoding: str) -> str:
    r"""Write as ``\u....`` what is not ASCII and would do harm on its way: it is in a string."""
    if is_plain(line, encoding):
        return line
    return "".join(c if is_plain(c, encoding) else json.dumps(c)[1:-1] for c in line)
