"""Mutations: single schema changes, each with the finding that a comparison must yield for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from driftcheck.schema import Address, Value

NAME_PREFIX = "driftcheck_mutation"
"""The prefix of the name of every object that a mutation creates."""


class Expectation(StrEnum):
    """The finding that a comparison must yield for a mutation."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    RENAMED = "renamed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Mutation:
    """One schema change. The selftest applies it to a shadow database and rolls it back.

    Attributes:
        address: The object that is changed or created.
        description: The change in a few words: ``rename``, ``set not null``.
        statements: SQL without closing semicolons.
        expectation: The expected finding.
        renamed_to: The new address of a renamed object.
        isolated: Whether a finding for any other object is a false alarm. Objects that the mutation
            itself creates are exempt. False for changes that affect dependent objects: a drop
            cascades, and a rename changes definitions that contain the name.
        in_transaction: Whether the server can run the statements in a transaction. If not, they
            cannot be rolled back.
    """

    address: Address
    description: str
    statements: tuple[str, ...]
    expectation: Expectation = Expectation.CHANGED
    renamed_to: Address | None = None
    isolated: bool = True
    in_transaction: bool = True


@dataclass(frozen=True, slots=True)
class Alteration:
    """A template of mutations that change objects of one kind.

    Attributes:
        description: The change in a few words.
        statements: SQL with fields in braces, which ``KindWithMutations.fields`` fills.
        isolated: Whether the change affects no other object.
        no_op_when: An attribute, and a value (or a member of its value) for which the change has no
            effect. Only needed if the server rewrites the catalog row nevertheless.
        needs: An attribute that must have a value, because the server refuses the change otherwise.
    """

    description: str
    statements: tuple[str, ...]
    isolated: bool = True
    no_op_when: tuple[str, Value] | None = None
    needs: str = ""

    @property
    def recreates(self) -> bool:
        """Whether the object is dropped and created again, which loses its comment."""
        return len(self.statements) > 1 and "DROP" in self.statements[0].split()

    def has_no_effect_on(self, attributes: Mapping[str, Value]) -> bool:
        """Whether the change has no effect on an object with these attributes, or is refused."""
        if self.needs and attributes.get(self.needs) is None:
            return True
        if self.no_op_when is None:
            return False
        name, value = self.no_op_when
        current = attributes.get(name)
        return value in current if isinstance(current, tuple) else value == current


def alter(
    description: str, *statements: str, no_op_when: tuple[str, Value] | None = None
) -> Alteration:
    """An alteration that affects no other object."""
    return Alteration(description, statements, no_op_when=no_op_when)


def alter_cascading(
    description: str, *statements: str, no_op_when: tuple[str, Value] | None = None
) -> Alteration:
    """An alteration that may affect dependent objects."""
    return Alteration(description, statements, isolated=False, no_op_when=no_op_when)


def per_clause(prefix: str, clauses: Iterable[str], needs: str = "") -> tuple[Alteration, ...]:
    """One alteration per clause, with the clause as description: *set not null*."""
    return tuple(
        Alteration(clause.lower(), (f"{prefix} {clause}",), needs=needs) for clause in clauses
    )


def escape_braces(sql: str) -> str:
    """Escape braces in SQL that becomes a part of an alteration's template."""
    return sql.replace("{", "{{").replace("}", "}}")
