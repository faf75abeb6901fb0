"""docs/ci.md lists the rules of the gate."""

import re
from pathlib import Path

from driftcheck.judging.rules import FAULTS

DOCS = Path(__file__).parents[3] / "docs"
PAGE = (DOCS / "ci.md").read_text(encoding="utf-8")


def test_every_rule_is_listed_with_its_severity():
    listed = dict(re.findall(r"^\| `(gate-[a-z-]+)` \| (\w+) \|", PAGE, re.MULTILINE))
    known = {name: rule.severity for name, rule in FAULTS.items() if name.startswith("gate-")}
    assert listed == known
