"""What a shell completes the values of options with. Nothing here imports SQLAlchemy."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import click
from click.shell_completion import CompletionItem

from driftcheck.chain import CHAIN
from driftcheck.judging.rules import NOT_OF_CHANGES

Complete: TypeAlias = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def words(*known: str) -> Complete:
    """Return a function that completes one of some words."""

    def complete(
        _context: click.Context, _option: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        return _beginning_with(typed, known)

    return complete


def files(*known: str) -> Complete:
    """Return a function that completes one of some words, or a file."""

    def complete(
        _context: click.Context, _option: click.Parameter, typed: str
    ) -> list[CompletionItem]:
        return _beginning_with(typed, known) or [CompletionItem(typed, type="file")]

    return complete


def directories(
    _context: click.Context, _option: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Complete a directory."""
    return [CompletionItem(typed, type="dir")]


def gaps_and_rules(
    _context: click.Context, _option: click.Parameter, typed: str
) -> list[CompletionItem]:
    """Complete the last of several words, separated by commas: gaps and rules."""
    before, comma, last = typed.rpartition(",")
    known = (*CHAIN, "hazards", "none", *NOT_OF_CHANGES)
    return [CompletionItem(f"{before}{comma}{item.value}") for item in _beginning_with(last, known)]


def _beginning_with(typed: str, known: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(str(word)) for word in known if word.startswith(typed)]
