"""The README says what the commands say."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from driftcheck.config import settings as config

CHECKOUT = Path(__file__).parent.parent
README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
HELP = re.compile(r"```text\n\$ (driftcheck .*--help)\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("command", ["driftcheck compare --help"])
def test_help(command):
    """Word by word: lines are broken by the width of the terminal."""
    shown = dict(HELP.findall(README))
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        env=os.environ | {"COLUMNS": "80", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    printed = done.stdout.replace("python -m driftcheck", "driftcheck")
    assert shown[command].split() == printed.split()


def test_keys():
    told = re.search(r"The keys: (.*?)\.\n", README, re.DOTALL)[1]
    known = [key.replace("_", "-") for key in config.READERS]
    assert re.findall(r"`(.+?)`", told) == known


@pytest.mark.parametrize("target", re.findall(r"\]\(([^)#][^)]*)\)", README))
def test_links(target):
    assert (CHECKOUT / target).is_file()


@pytest.mark.parametrize("anchor", re.findall(r"\]\(#([^)]*)\)", README))
def test_anchors(anchor):
    headings = re.findall(r"^#+ (.+)$", README, re.MULTILINE)
    assert anchor in [heading.lower().replace(" ", "-") for heading in headings]
