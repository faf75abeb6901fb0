"""Lays out text: prose is wrapped between words, code is never changed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from rich.cells import cell_len
from rich.text import Text

from driftcheck.judging.findings import Severity
from driftcheck.reports.output_style import OutputStyle
from driftcheck.reports.terminal.counting import counted
from driftcheck.reports.visible import is_plain, visible

Lines: TypeAlias = list[Text]

BAD, WARN, GOOD, STRONG, FAINT, CODE = "bold red", "yellow", "green", "bold", "dim", "cyan"

SEVERITY: dict[Severity, tuple[str, str]] = {
    Severity.ERROR: ("✗", BAD),
    Severity.WARNING: ("!", WARN),
    Severity.NOTE: ("·", FAINT),
}
"""The mark and the style of each severity."""

_PLAINER = {"─": "-", "│": "|", "✓": "+", "✗": "x", "·": "-", "…": "...", "→": "->", "—": "-"}
"""The replacements of our signs in a stream whose encoding does not contain them."""

_NARROWEST = 30
"""Columns for a value beside its label; with fewer, the value is placed below the label."""

_LONGEST = 12
"""Lines of a quotation that are shown before its middle is left out."""


def words(output: OutputStyle, *pieces: str | tuple[str, str]) -> Text:
    """Return one line of prose made of strings and of (string, style) pairs."""
    pairs = (piece if isinstance(piece, tuple) else (piece, "") for piece in pieces)
    return Text.assemble(*((_prose(output, text), style) for text, style in pairs))


def _prose(output: OutputStyle, text: str) -> str:
    if is_plain(text, output.encoding):
        return text
    plainer = (c if is_plain(c, output.encoding) else _PLAINER.get(c, c) for c in text)
    return visible("".join(plainer), output.encoding)


def wrapped(
    output: OutputStyle, text: Text, indent: int = 0, *, first: Text | None = None
) -> Lines:
    """Wrap prose between words. A word that is wider than the output is not broken.

    Args:
        output: The properties of the output.
        text: One line of prose.
        indent: The indent of each line, in columns.
        first: The beginning of the first line, instead of the indent.
    """
    room = output.width - indent
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


def heading(name: str, output: OutputStyle, *, count: int = 0) -> Lines:
    """Return a line across the output with the name of what follows and the number of findings."""
    line = words(output, (name, STRONG))
    if count:
        line.append_text(words(output, (" · " + counted(count, "finding"), FAINT)))
    rest = output.width - line.cell_len - 4
    line = words(output, ("── ", FAINT)) + line
    return [line + words(output, (" " + "─" * rest, FAINT)) if rest > 0 else line]


def code(output: OutputStyle, text: str) -> Lines:
    """Return lines of code that can be copied: not wrapped, tabs unchanged.

    A single line is indented. Several lines are not, because leading spaces are significant in the
    body of a function. If characters had to be escaped, a last line says so.
    """
    escaped = [visible(line, output.encoding, keep="\t") for line in text.strip("\n").split("\n")]
    margin = Text("    " if len(escaped) == 1 else "")
    lines = [margin + Text(line, CODE) for line in escaped]
    if not all(is_plain(line, output.encoding) for line in re.split(r"[\n\t]", text)):
        hint = "Some characters are escaped here; --format json has the original."
        note = words(output, (hint, WARN))
        lines += [Text(), *wrapped(output, note, 2)]
    return lines


def quoted(output: OutputStyle, text: str, indent: int = 4, style: str = "") -> Lines:
    """Return lines that are quoted for reading: not wrapped, and clipped if there are many."""
    expanded = [line.expandtabs(4).rstrip(" ") for line in text.strip("\n").split("\n")]
    lines = [
        Text(" " * indent * bool(line)) + Text(visible(line, output.encoding), style)
        for line in expanded
    ]
    return clipped(output, lines, indent)


def clipped(output: OutputStyle, lines: Lines, indent: int) -> Lines:
    """Leave out the middle of many lines: an error's message is at the beginning or the end."""
    left_out = len(lines) - _LONGEST
    if output.whole or left_out <= 1:
        return lines
    gap = words(output, (f"… {left_out} lines left out; --verbose shows them", FAINT))
    half = _LONGEST // 2
    return [*lines[:half], Text(" " * indent) + gap, *lines[-half:]]


@dataclass(frozen=True)
class Row:
    """A label and the lines beside it."""

    label: str
    values: Sequence[Text]


def rows(output: OutputStyle, table: Sequence[Row], indent: int = 2) -> Lines:
    """Return values beside their labels, or below the labels in a narrow output."""
    column = indent + max((cell_len(row.label) for row in table), default=0) + 2
    below = output.width - column < _NARROWEST
    lines = []
    for row in table:
        label = Text(" " * indent) + words(output, (row.label, FAINT))
        if below:
            lines.append(label)
        for value in row.values:
            if below:
                lines += wrapped(output, value, indent + 2)
            else:
                label.append(" " * (column - label.cell_len))
                lines += wrapped(output, value, column, first=label)
                label = Text()
    return lines


def spaced(blocks: Iterable[Lines]) -> Iterator[Text]:
    """Yield the lines of blocks with an empty line between blocks; empty blocks are left out."""
    for number, block in enumerate(filter(None, blocks)):
        if number:
            yield Text()
        yield from block
