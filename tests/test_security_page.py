"""docs/security.md names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "security.md"


def test_every_test_that_is_named_exists():
    named = set(re.findall(r"`(tests/[\w./]+)`", PAGE.read_text(encoding="utf-8")))
    assert len(named) > 20
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_every_row_names_a_test_or_says_that_there_is_none():
    page = PAGE.read_text(encoding="utf-8").partition("## The live database")[2]
    rows = [line for line in page.splitlines() if line.startswith("| ") and "promise" not in line]
    assert rows
    assert [
        row for row in rows if "tests/" not in row and "the same" not in row and "none:" not in row
    ] == []
