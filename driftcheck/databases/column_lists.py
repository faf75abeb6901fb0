"""Compares the lists of columns in the definitions of constraints."""

from __future__ import annotations

from driftcheck.schema import SchemaObject


def has_other_order(wanted: SchemaObject, actual: SchemaObject) -> bool:
    """Whether the definitions of two constraints have the same columns, in another order."""
    ordered = (_with_sorted_columns(str(o.attributes["definition"])) for o in (wanted, actual))
    return len(set(ordered)) == 1


def _with_sorted_columns(definition: str) -> tuple[str, ...]:
    """Return the parts of a definition, with the columns of its first list sorted.

    Example: ``UNIQUE (b, a) DEFERRABLE`` gives ``("UNIQUE", "a", "b", "DEFERRABLE")``.
    """
    head, _, rest = definition.partition("(")
    columns, _, tail = rest.partition(")")
    return head.strip(), *sorted(columns.split(", ")), tail.strip()
