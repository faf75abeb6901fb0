"""The README opens with the two commands, and its links have targets."""

import re
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")


def test_it_opens_with_the_two_commands_and_what_they_print():
    """``tests/demo/test_demo.py`` compares the output of the first one."""
    _, first, second, *_ = re.split("^## .+$|^!", README, flags=re.MULTILINE)
    assert "```text\n$ make demo\n" in first
    assert "`make test`" in first
    assert "terminal.svg" in second


def test_it_can_be_read_in_two_minutes():
    assert len(README.split()) < 900


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\(([^)#][^)]*)\)", README))))
def test_links(target):
    assert (CHECKOUT / target).is_file()
