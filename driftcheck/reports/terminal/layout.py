"""Lays text out on a page: prose is wrapped between words, code is kept exactly as it is."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len
from rich.text import Text

from driftcheck.judging.findings import Severity
from driftcheck.reports.page import Page
from driftcheck.reports.visible import is_plain, visible

Lines: TypeAlias = list[Text]

BAD, WARN, GOOD, STRONG, FAINT, CODE = "bold red", "yellow", "green", "bold", "dim", "cyan"

SEVERITY: dict[Severity, tuple[str, str]] = {
    Severity.ERROR: ("✗", BAD),
    Severity.WARNING: ("!", WARN),
    Severity.NOTE: ("·", FAINT),
}
"""Mark and style of each severity."""

_PLAINER = {"─": "-", "│": "|", "✓": "+", "✗": "x", "·": "-", "…": "...", "→": "->", "—": "-"}
"""What stands for a sign of ours where the stream cannot carry it."""

_NARROWEST = 30
"""Columns that a value must have beside its label; with less it goes below."""

_LONGEST = 12
"""Lines of something that is only quoted, before its middle is left out."""


def words(page: Page, *pieces: str | tuple[str, str]) -> Text:
    """One line of prose, from texts and from (text, style)."""
    pairs = (piece if isinstance(piece, tuple) else (piece, "") for piece in pieces)
    return Text.assemble(*((_prose(page, text), style) for text, style in pairs))


def _prose(page: Page, text: str) -> str:
    if is_plain(text, page.encoding):
        return text
    plainer = (c if is_plain(c, page.encoding) else _PLAINER.get(c, c) for c in text)
    return visible("".join(plainer), page.encoding)


def wrapped(page: Page, text: Text, indent: int = 0, *, first: Text | None = None) -> Lines:
    """Wrap prose between words. A word that is too long for the page stays whole.

    Args:
        page: What it goes on.
        text: One line of prose.
        indent: How far each line is moved in.
        first: What stands on the first line in place of the indent.
    """
    room = page.width - indent
    cuts, column = [], 0
    for word in re.finditer(r"\S+\s*", text.plain):
        if column and column + cell_len(word.group().rstrip()) > room:
            cuts.append(word.start())
            column = 0
        column += cell_len(word.group())
    lines = list(text.divide(cuts))
    for line in lines:
        line.rstrip()
    margin = Text(" " * indent)
    margins = [margin if first is None else first, *[margin] * len(cuts)]
    return [before + line for before, line in zip(margins, lines, strict=True)]


def code(page: Page, text: str) -> Lines:
    """Lines that can be copied: never wrapped, tabs as they are.

    A single line is moved in. Several are not: what is copied may hold the body of a function,
    where spaces at the beginning of a line would count. Where a character cannot be shown, its
    escape is, and a last line says so.
    """
    texts = [visible(line, page.encoding, keep="\t") for line in text.strip("\n").split("\n")]
    margin = Text("    " if len(texts) == 1 else "")
    lines = [margin + Text(line, CODE) for line in texts]
    if not all(is_plain(line, page.encoding) for line in re.split(r"[\n\t]", text)):
        hint = "What cannot be shown is escaped here; --format json has it as it is."
        note = words(page, (hint, WARN))
        lines += [Text(), *wrapped(page, note, 2)]
    return lines


def quoted(page: Page, text: str, indent: int = 4, style: str = "") -> Lines:
    """Lines that are there to be read only: neither wrapped nor, where they are many, all shown."""
    texts = [line.expandtabs(4).rstrip(" ") for line in text.strip("\n").split("\n")]
    lines = [Text(" " * indent * bool(t)) + Text(visible(t, page.encoding), style) for t in texts]
    return clipped(page, lines, indent)


def clipped(page: Page, lines: Lines, indent: int) -> Lines:
    """Leave the middle out where it is long: errors begin with what counts, traces end so."""
    left_out = len(lines) - _LONGEST
    if page.full or left_out <= 1:
        return lines
    gap = words(page, (f"… {left_out} lines left out; --verbose tells them", FAINT))
    half = _LONGEST // 2
    return [*lines[:half], Text(" " * indent) + gap, *lines[-half:]]


@dataclass(frozen=True)
class Row:
    """A label, and the lines that stand beside it."""

    label: str
    values: Sequence[Text]


def rows(page: Page, table: Sequence[Row], indent: int = 2) -> Lines:
    """Values beside their labels, in line; or below them, where the page is narrow."""
    column = indent + max((cell_len(row.label) for row in table), default=0) + 2
    below = page.width - column < _NARROWEST
    lines = []
    for row in table:
        label = Text(" " * indent) + words(page, (row.label, FAINT))
        if below:
            lines.append(label)
        for value in row.values:
            if below:
                lines += wrapped(page, value, indent + 2)
            else:
                label.append(" " * (column - label.cell_len))
                lines += wrapped(page, value, column, first=label)
                label = Text()
    return lines


def spaced(blocks: Iterable[Lines]) -> Iterator[Text]:
    """Blocks with an empty line between them; what is empty is left out."""
    for number, block in enumerate(filter(None, blocks)):
        if number:
            yield Text()
        yield from block
