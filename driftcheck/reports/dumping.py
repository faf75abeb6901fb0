"""Writes values as JSON that is safe for any stream and any terminal."""

from __future__ import annotations

import json
from typing import Any

from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.visible import is_plain


def dump(value: Any, output: OutputStyle) -> str:
    """Write a value as JSON. Lines are not wrapped."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return "\n".join(_safe(line, output.encoding) for line in text.split("\n")) + "\n"


def _safe(line: str, encoding: str) -> str:
    r"""Write characters that are invisible, or not in the encoding, as ``\u....``.

    Such characters occur within strings only, where JSON allows the escape.
    """
    if is_plain(line, encoding):
        return line
    return "".join(c if is_plain(c, encoding) else json.dumps(c)[1:-1] for c in line)
