"""Storage parameters and other options, stored as ``name=value`` in the catalogs."""

from __future__ import annotations

from typing import cast

from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Value

_BOOLEANS = {"true": "on", "yes": "on", "false": "off", "no": "off"}


def normalized_options(options: tuple[str, ...]) -> tuple[str, ...]:
    """The options with uniform Boolean values. The server stores them as they were typed."""
    pairs = (option.partition("=") for option in options)
    return tuple(f"{name}={_BOOLEANS.get(value.lower(), value)}" for name, _, value in pairs)


def options_of(options: Value) -> dict[str, str]:
    """The values of the options, by name."""
    pairs = (option.partition("=") for option in cast("tuple[str, ...]", options or ()))
    return {name: value for name, _, value in pairs}


def with_options(options: Value, toast: Value = None) -> list[str]:
    """The WITH clause of a CREATE statement as a list of one element; empty without options."""
    settings = [
        *_settings(options_of(options)),
        *(f"toast.{setting}" for setting in _settings(options_of(toast))),
    ]
    return [f"WITH ({', '.join(settings)})"] if settings else []


def change_options(altered: str, current: Value, wanted: Value, prefix: str = "") -> list[str]:
    """Statements that change the options of an object to the wanted ones.

    Args:
        altered: The statement before SET or RESET: ``ALTER TABLE public.students``.
        current: The current options.
        wanted: The wanted options.
        prefix: ``toast.`` for options of a TOAST table.
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
