"""Masks passwords in values that leave the process as objects, and not as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from driftcheck.process.masking import masked

Masked = TypeVar("Masked")


def masked_in(value: Masked) -> Masked:
    """Return a value with passwords masked in all its strings.

    Args:
        value: A string, number or enum, or a dataclass, tuple, set or mapping of such values.
    """
    return _masked(value)  # type: ignore[no-any-return]


def _masked(value: Any) -> Any:
    if isinstance(value, Enum):
        return value
    if isinstance(value, str):
        return masked(value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _masked(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, Mapping):
        return {key: _masked(each) for key, each in value.items()}
    if isinstance(value, (tuple, list, frozenset)):
        make = getattr(value, "_make", type(value))
        return make(map(_masked, value))
    return value
