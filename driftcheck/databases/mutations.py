"""Trials: single changes that a person could make by hand, and what must be told of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from driftcheck.schema import Address, Value

MADE = "driftcheck_trial"
"""What the name of everything begins with that is made on trial."""


class Telling(StrEnum):
    """What a comparison must tell of a trial."""

    MISSING = "missing"
    EXTRA = "extra"
    CHANGED = "changed"
    RENAMED = "renamed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Trial:
    """One change, to be made on a shadow database and rolled back.

    Attributes:
        address: The object that it is about; where it adds one, that one.
        doing: What it does, in a few words: ``rename``, ``set not null``.
        statements: SQL as a person would type it, without closing semicolons.
        telling: What must be told.
        renamed_to: What the object is called afterwards, where it is renamed.
        alone: Whether nothing may be told of any object besides, but what it makes itself. False
            for what others follow: a drop cascades, and what speaks of a name reads differently.
        in_transaction: Whether the server runs it in a transaction; else nothing is rolled back.
    """

    address: Address
    doing: str
    statements: tuple[str, ...]
    telling: Telling = Telling.CHANGED
    renamed_to: Address | None = None
    alone: bool = True
    in_transaction: bool = True


@dataclass(frozen=True, slots=True)
class Alteration:
    """What a trial of any object of a kind does.

    Attributes:
        doing: What it does, in a few words.
        statements: SQL with fields in braces, as ``TriedKind.fields`` fills them.
        alone: Whether it changes no other object.
        already: The attribute that says that it is so already, and with which value or part of
            its value: where the server changes nothing and writes it down anew all the same.
        needs: The attribute without which the server refuses it, if there is one.
    """

    doing: str
    statements: tuple[str, ...]
    alone: bool = True
    already: tuple[str, Value] | None = None
    needs: str = ""

    @property
    def makes_anew(self) -> bool:
        """Whether the object is dropped first, and what is said of it is lost."""
        return len(self.statements) > 1 and "DROP" in self.statements[0].split()

    def is_needless(self, attributes: Mapping[str, Value]) -> bool:
        """Whether an object of such attributes is so already, or has not what it takes."""
        if self.needs and attributes.get(self.needs) is None:
            return True
        if self.already is None:
            return False
        name, value = self.already
        have = attributes.get(name)
        return value in have if isinstance(have, tuple) else value == have


def alter(doing: str, *statements: str, already: tuple[str, Value] | None = None) -> Alteration:
    """An alteration that changes the object alone."""
    return Alteration(doing, statements, already=already)


def alter_with(
    doing: str, *statements: str, already: tuple[str, Value] | None = None
) -> Alteration:
    """An alteration that others may follow."""
    return Alteration(doing, statements, alone=False, already=already)


def each(prefix: str, clauses: Iterable[str], needs: str = "") -> tuple[Alteration, ...]:
    """Alterations that are one clause each, told by it: ``SET NOT NULL`` as *set not null*."""
    return tuple(Alteration(c.lower(), (f"{prefix} {c}",), needs=needs) for c in clauses)


def literally(text: str) -> str:
    """A text as it stands in an alteration, where braces are fields."""
    return text.replace("{", "{{").replace("}", "}}")
