"""Has the server decide whether expressions that it printed differently are equal.

What the server prints can be run again, and means the same. So the objects in doubt are created in
a shadow from their printed definitions and read back, again and again. Every text that is read has
the meaning of the first one. Two expressions are equal as soon as a text of one is a text of the
other. They are different if both have a text that no longer changes, and these texts differ.

The definitions can come from a live database, from a cache file or from a snapshot file. So the
shadows are restricted, and none is made on a server that others use.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from driftcheck.databases.catalog import Catalog
from driftcheck.databases.dependencies import cut
from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.reading import Scope
from driftcheck.databases.shadow.base import ShadowMaker
from driftcheck.errors import CatalogError, DriftcheckError, ShadowError
from driftcheck.judging.comparison import Change
from driftcheck.judging.judge import Judged, addresses_of
from driftcheck.judging.printed_expressions import Doubt, Rewording, doubts, reworded, rewording
from driftcheck.schema import Address, SchemaObject, Snapshot, Value
from driftcheck.sources.reading import read_restricted
from driftcheck.sources.untrusted import rebuild_untrusted

_ROUNDS = 4
"""How often each side is created at most. The known expressions no longer change after two."""
_SHADOWS = 30
"""How many shadows are made for one side at most."""
_SHARED_SERVER = "the shadow databases are on a server that others use"
_STILL_CHANGES = "the server prints a different text each time"
_TOO_MANY = "too many objects cannot be created in a shadow database"
_UNDECIDED = (
    "The server can print one expression in several ways, for example after a dump and a restore. "
    "Whether these expressions are equal could not be decided: {reason}."
)


@dataclass(frozen=True)
class Decision:
    """The decision about the expressions in doubt of two snapshots.

    Attributes:
        replacements: The texts of the actual snapshot, by the equal texts of the wanted one.
        undecided: Why no decision was possible, by the address of the object.
    """

    replacements: Rewording = field(default_factory=dict)
    undecided: Mapping[Address, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison in which the server decided about expressions.

    Attributes:
        changes: The changes, without those of equal expressions.
        undecided: Why no decision was possible, by the address of the object.
    """

    changes: list[Change]
    undecided: Mapping[Address, str] = field(default_factory=dict)

    def explanation(self, change: Change) -> str:
        """Return a sentence if it is undecided whether a change is one; otherwise nothing."""
        return explanation([change], self.undecided)


def decide(
    changes: Iterable[Change],
    sides: tuple[Snapshot, Snapshot],
    catalog: Catalog,
    maker: Callable[[], ShadowMaker],
    progress: Callable[[str], None] = lambda _: None,
) -> Decision:
    """Decide which of the expressions that differ between two snapshots are equal.

    Nothing is done if no expression is in doubt.

    Args:
        changes: The changes between the two snapshots.
        sides: The wanted and the actual snapshot, with everything that their objects depend on.
        catalog: The catalog of both databases.
        maker: Returns what makes the shadows.
        progress: Called with a short description of each step.
    """
    in_doubt = doubts(changes, lambda obj: catalog.kind(obj.address.kind).printed_in(obj))
    if not in_doubt:
        return Decision()
    progress("comparing expressions that were printed differently")
    try:
        private = maker()
    except DriftcheckError as error:
        return _undecided(in_doubt, error.message)
    if not private.runs_untrusted_files:
        return _undecided(in_doubt, _SHARED_SERVER)
    left, right = (_Side(snapshot, catalog, private) for snapshot in sides)
    for _ in range(_ROUNDS):
        left.print_again({d.wanted for d in in_doubt if not _is_decided(d, left, right)})
        right.print_again({d.actual for d in in_doubt if not _is_decided(d, left, right)})
    equal = [doubt for doubt in in_doubt if _is_equal(doubt, left, right)]
    reasons = {
        address: left.reason(doubt.wanted) or right.reason(doubt.actual) or _STILL_CHANGES
        for doubt in in_doubt
        if not _is_decided(doubt, left, right)
        for address in (doubt.wanted, doubt.actual)
    }
    return Decision(rewording(equal), reasons)


def compared(
    wanted: Snapshot,
    actual: Snapshot,
    compare: Callable[[Snapshot, Snapshot], list[Change]],
    catalog: Catalog,
    maker: Callable[[], ShadowMaker],
) -> Comparison:
    """Compare two snapshots; equal expressions that were printed differently are no change.

    Args:
        wanted: The wanted snapshot.
        actual: The actual snapshot.
        compare: Compares two snapshots.
        catalog: The catalog of both databases.
        maker: Returns what makes the shadows.
    """
    changes = compare(wanted, actual)
    decision = decide(changes, (wanted, actual), catalog, maker)
    if decision.replacements:
        changes = compare(reworded(wanted, decision.replacements), actual)
    return Comparison(changes, decision.undecided)


def explain_undecided(judged: Iterable[Judged], undecided: Mapping[Address, str]) -> list[Judged]:
    """Return the findings; those about undecided expressions say that they are undecided.

    Args:
        judged: The findings.
        undecided: Why no decision was possible, by the address of the object.
    """
    return [_explained(each, undecided) for each in judged]


def _explained(judged: Judged, undecided: Mapping[Address, str]) -> Judged:
    changes = [change for found in judged.changes.values() for change in found]
    impact = " ".join(filter(None, (judged.finding.impact, explanation(changes, undecided))))
    return replace(judged, finding=replace(judged.finding, impact=impact))


def explanation(changes: Iterable[Change], undecided: Mapping[Address, str]) -> str:
    """Return a sentence if it is undecided whether changes are some; otherwise nothing.

    Args:
        changes: The changes of a finding.
        undecided: Why no decision was possible, by the address of the object.
    """
    addresses = (address for change in changes for address in addresses_of(change))
    reason = next((undecided[address] for address in addresses if address in undecided), None)
    return "" if reason is None else _UNDECIDED.format(reason=reason)


def _undecided(in_doubt: Iterable[Doubt], reason: str) -> Decision:
    addresses = (address for doubt in in_doubt for address in (doubt.wanted, doubt.actual))
    return Decision(undecided=dict.fromkeys(addresses, reason))


def _is_equal(doubt: Doubt, left: _Side, right: _Side) -> bool:
    texts = left.texts(doubt.wanted, doubt.attribute)
    return not texts.isdisjoint(right.texts(doubt.actual, doubt.attribute))


def _is_decided(doubt: Doubt, left: _Side, right: _Side) -> bool:
    is_final = left.is_final(doubt.wanted) and right.is_final(doubt.actual)
    return is_final or _is_equal(doubt, left, right)


class _Side:
    """One of the snapshots, and the texts that the server prints for its expressions."""

    def __init__(self, snapshot: Snapshot, catalog: Catalog, maker: ShadowMaker) -> None:
        self._snapshot = snapshot
        self._catalog = catalog
        self._maker = maker
        self._printed: dict[Address, list[SchemaObject]] = {}
        self._final: set[Address] = set()
        self._failed: dict[Address, str] = {}
        self._shadows_left = _SHADOWS

    def texts(self, address: Address, attribute: str) -> set[Value]:
        """Return every text that was printed for an attribute; all of them mean the same."""
        objects = (self._snapshot.objects[address], *self._printed.get(address, ()))
        return {obj.attributes.get(attribute) for obj in objects}

    def is_final(self, address: Address) -> bool:
        """Whether the texts of an object no longer change."""
        return address in self._final

    def reason(self, address: Address) -> str:
        """Return why the object cannot be printed again; empty if it can."""
        return self._failed.get(address, "")

    def print_again(self, addresses: Collection[Address]) -> None:
        """Create objects from their last texts, and read the texts that are printed for them."""
        waiting = [a for a in addresses if a not in self._final and a not in self._failed]
        if not waiting:
            return
        latest = {address: printed[-1] for address, printed in self._printed.items()}
        snapshot = replace(self._snapshot, objects={**self._snapshot.objects, **latest})
        created = self._created(snapshot, waiting)
        for address in waiting:
            before, after = snapshot.objects[address], created.get(address)
            if after is None:
                self._failed.setdefault(address, f"{address} cannot be created")
                continue
            kind = self._catalog.kind(address.kind)
            names = kind.printed_in(before)
            if names != kind.printed_in(after):
                self._failed.setdefault(address, f"{address} is created in another form")
                continue
            texts = {name: after.attributes.get(name) for name in names}
            after = replace(before, attributes={**before.attributes, **texts})
            self._printed.setdefault(address, []).append(after)
            if after.attributes == before.attributes:
                self._final.add(address)

    def _created(
        self, snapshot: Snapshot, addresses: Sequence[Address]
    ) -> Mapping[Address, SchemaObject]:
        """Create objects in a shadow and read them back.

        If a statement is refused, the objects are created in two halves, down to single objects.
        A refused statement can change the meaning of others, so nothing is read then.
        """
        if not self._shadows_left:
            self._failed.update(dict.fromkeys(addresses, _TOO_MANY))
            return {}
        self._shadows_left -= 1
        error = "it cannot be written as SQL"
        try:
            shadow = self._maker.make("printed", restricted=True)
            try:
                refused = rebuild_untrusted(cut(snapshot, addresses, self._catalog), shadow)
                if not refused:
                    return read_restricted(shadow, Scope()).objects
                error = refused[0].message
            finally:
                shadow.drop()
        except (ShadowError, CatalogError, CannotBeWritten) as failure:
            error = str(failure)
        if len(addresses) == 1:
            self._failed[addresses[0]] = f"{addresses[0]} cannot be created ({error})"
            return {}
        middle = len(addresses) // 2
        halves = (
            self._created(snapshot, half) for half in (addresses[:middle], addresses[middle:])
        )
        first, second = halves
        return {**first, **second}
