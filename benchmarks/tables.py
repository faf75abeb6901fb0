"""Prints results as tables in Markdown, ready for docs/performance.md."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.measuring import Spent, median, ratio

PAIR_HEADER = ("", "alembic check", "driftcheck", "CPU ratio", "wall ratio", "peak memory")


class Table:
    """A table that is printed row by row, as the rows become known.

    Args:
        title: The heading.
        note: What is measured, in one sentence.
        header: The names of the columns.
    """

    def __init__(self, title: str, note: str, header: Sequence[str]) -> None:
        print(f"\n### {title}\n\n{note}\n")
        self.row(*header)
        self.row(*("---" for _ in header))

    def row(self, *cells: str) -> None:
        """Print a row."""
        print(f"| {' | '.join(cells)} |", flush=True)

    def pairs(self, name: str, pairs: Sequence[tuple[Spent, Spent]]) -> None:
        """Print a row that compares two commands, under ``PAIR_HEADER``."""
        first, second = zip(*pairs, strict=True)
        self.row(
            name,
            seconds(median(first, "cpu")),
            seconds(median(second, "cpu")),
            ratio(pairs, "cpu"),
            ratio(pairs, "wall"),
            f"{max(spent.memory for spent in second)} MiB",
        )


def seconds(value: float) -> str:
    """Return a time with its unit."""
    return f"{value:.2f} s"


def microseconds(value: float) -> str:
    """Return a time for each object with its unit."""
    return f"{value * 1e6:.1f} µs"
