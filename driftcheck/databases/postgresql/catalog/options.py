"""Storage parameters and the like: ``name=value`` as the catalog keeps them."""

from __future__ import annotations

from typing import cast

from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Value

_SWITCHED = {"true": "on", "yes": "on", "false": "off", "no": "off"}


def normalized_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """The options in one spelling, for the server keeps a switch as it was typed."""
    pairs = (option.partition("=") for option in options)
    return tuple(f"{name}={_SWITCHED.get(value.lower(), value)}" for name, _, value in pairs)


def options_of(options: Value) -> dict[str, str]:
    """The options by name."""
    pairs = (option.partition("=") for option in cast("tuple[str, ...]", options or ()))
    return {name: value for name, _, value in pairs}


def with_options(options: Value, toast: Value = None) -> list[str]:
    """The WITH clause that gives a new object its options: one word, or none."""
    settings = [
        *_settings(options_of(options)),
        *(f"toast.{setting}" for setting in _settings(options_of(toast))),
    ]
    return [f"WITH ({', '.join(settings)})"] if settings else []


def change_options(altered: str, current: Value, wanted: Value, prefix: str = "") -> list[str]:
    """Statements that turn an object's options into the wanted ones.

    Args:
        altered: The statement up to its SET or RESET: ``ALTER TABLE public.students``.
        current: The options it has.
        wanted: The options it should have.
        prefix: ``toast.`` for those of a table's TOAST table.
    """
    have, want = options_of(current), options_of(wanted)
    statements = []
    if gone := [prefix + quote_identifier(name) for name in have if name not in want]:
        statements.append(f"{altered} RESET ({', '.join(gone)})")
    new = {name: value for name, value in want.items() if have.get(name) != value}
    if new:
        settings = ", ".join(prefix + setting for setting in _settings(new))
        statements.append(f"{altered} SET ({settings})")
    return statements


def _settings(options: dict[str, str]) -> list[str]:
    return [f"{quote_identifier(name)} = {quote_literal(value)}" for name, value in options.items()]
