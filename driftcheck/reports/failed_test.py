"""The message of a failed check of the pytest plugin: what was expected, and the findings."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text

from driftcheck.judging.findings import Finding
from driftcheck.reports.output_style import PLAIN
from driftcheck.reports.terminal import as_text
from driftcheck.reports.terminal.finding import in_full


def failed_test(expected: str, findings: Iterable[Finding]) -> str:
    """Return the message.

    Args:
        expected: What must be true, in a sentence.
        findings: The findings that say why it is not.
    """
    parts = [line for finding in findings for line in (Text(), *in_full(finding, PLAIN, set()))]
    return f"{expected}\n{as_text(parts, PLAIN)}".rstrip()
