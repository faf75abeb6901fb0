"""The glossary of the site: the table of docs/architecture.md, without the words to avoid."""

from __future__ import annotations

from pathlib import Path

_SOURCE = Path(__file__).parent.parent / "architecture.md"


def table() -> str:
    """Return the words and their meanings as a table."""
    section = _SOURCE.read_text(encoding="utf-8").partition("## Glossary")[2].partition("\n## ")[0]
    rows = (line.split("|")[1:3] for line in section.splitlines() if line.startswith("| **"))
    words = [f"|{word}|{meaning}|" for word, meaning in rows]
    return "\n".join(["| word | meaning |", "|---|---|", *words])
