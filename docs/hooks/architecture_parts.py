"""What pages of the site share with docs/architecture.md: the glossary, and what cannot be told."""

from __future__ import annotations

from pathlib import Path

_SOURCE = Path(__file__).parent.parent / "architecture.md"


def glossary() -> str:
    """Return the words and their meanings as a table, without the words to avoid."""
    rows = (
        line.split("|")[1:3] for line in _section("Glossary").splitlines() if line[:4] == "| **"
    )
    words = [f"|{word}|{meaning}|" for word, meaning in rows]
    return "\n".join(["| word | meaning |", "|---|---|", *words])


def what_cannot_be_told() -> str:
    """Return the list of what no check can find out."""
    return _section("What cannot be told")


def _section(title: str) -> str:
    text = _SOURCE.read_text(encoding="utf-8")
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0].strip()
