"""The pages of the documentation, and the code that completes them."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), ROOT / "README.md"])
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language):
    """Return the blocks of code of a language in all pages, each with the page that has it."""
    for page in PAGES:
        for name, code in BLOCK.findall(page.read_text(encoding="utf-8")):
            if name == language:
                yield page.relative_to(ROOT).as_posix(), code
