"""Applies mutations to a shadow database, compares the schema, and undoes the mutations.

Reading a schema takes longer than changing it, so mutations of different objects are applied in a
batch, and the schema is read once. The batch passes if every expected finding is reported and no
other. If not, the batch is split in halves, down to single mutations. The outcomes *missed*, *false
alarm* and *not applicable* are only given to a mutation that was applied alone, except that several
mutations which together leave the catalogs unchanged are *not applicable*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog
from driftcheck.databases.messages import database_message
from driftcheck.databases.mutations import NAME_PREFIX, Expectation, Mutation
from driftcheck.databases.reading import Cursor
from driftcheck.errors import CatalogError
from driftcheck.judging.comparison import Change, ChangeType, compare
from driftcheck.judging.judge import changes_of
from driftcheck.judging.mutation_results import MutationResult, Outcome
from driftcheck.schema import Address, Snapshot

ReadSchema = Callable[[Any], Snapshot]
"""Reads the schema in a connection's transaction."""

CompareSchemas = Callable[[Snapshot, Snapshot], list[Change]]
"""Compares a wanted with an actual schema."""

_SAME_LINEAGE = partial(compare, same_lineage=True)


class MutationRunner:
    """Applies mutations to a shadow database and undoes them.

    Args:
        connection: An open DB-API connection to the database. The runner ends its transactions.
        catalog: The catalog of the database.
        read: Reads the schema in the same way as a check reads the live schema.
        compare_fully: Compares two schemas in the same way as a check does. It takes longer than to
            compare what was read, so it is asked about false alarms only.

    Attributes:
        schema: The schema without any mutation.
    """

    def __init__(
        self,
        connection: Any,
        catalog: Catalog,
        read: ReadSchema,
        compare_fully: CompareSchemas = _SAME_LINEAGE,
    ) -> None:
        self._connection = connection
        self._catalog = catalog
        self._read = read
        self._compare_fully = compare_fully
        self._sandbox = catalog.sandbox(connection)
        self.schema = read(connection)
        self._digests = catalog.catalog_digests(connection)
        connection.rollback()

    def run(self, batch: Sequence[Mutation]) -> Iterator[MutationResult]:
        """Run a batch of mutations as ``sampling.batches`` composes it.

        Yields:
            The result of each mutation, in no particular order.
        """
        if len(batch) == 1:
            yield self._run_one(batch[0])
            return
        applied, refused, reported = self._apply_together(batch)
        if reported is None or (batch[0].isolated and self._has_unrelated(reported, applied)):
            yield from self._run_halves(applied)
        else:
            yield from self._results(applied, reported)
        for mutation in refused:  # the server may refuse it because of another one in the batch
            yield self._run_one(mutation)

    def _apply_together(
        self, batch: Sequence[Mutation]
    ) -> tuple[list[Mutation], list[Mutation], _Reported | None]:
        """Apply a batch.

        Returns:
            The applied mutations, the refused ones, and the reported changes; ``None`` for these
            if the schema cannot be read.
        """
        applied: list[Mutation] = []
        refused: list[Mutation] = []
        try:
            for mutation in batch:
                (applied if self._apply(mutation) is None else refused).append(mutation)
            return applied, refused, self._compare()
        except CatalogError:
            return applied, refused, None
        finally:
            self._sandbox.undo()

    def _run_halves(self, batch: Sequence[Mutation]) -> Iterator[MutationResult]:
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            if half:
                yield from self.run(half)

    def _results(self, batch: Sequence[Mutation], reported: _Reported) -> Iterator[MutationResult]:
        """The results of a batch for which no unrelated change was reported."""
        undetected = []
        for mutation in batch:
            if mutation.expectation is Expectation.NOTHING:
                yield _result(mutation, Outcome.QUIET)
            elif reported.satisfies(mutation):
                yield _result(mutation, Outcome.DETECTED)
            else:
                undetected.append(mutation)
        yield from self._undetected(undetected)

    def _undetected(self, batch: Sequence[Mutation]) -> Iterator[MutationResult]:
        """Separate mutations that changed nothing, which are most, from missed ones."""
        if len(batch) < 2:  # noqa: PLR2004  (a single mutation needs no separating)
            yield from map(self._run_one, batch)
            return
        try:
            refused = [mutation for mutation in batch if self._apply(mutation) is not None]
            changed = self._changed_catalogs()
        finally:
            self._sandbox.undo()
        if refused or changed:
            middle = len(batch) // 2
            yield from self._undetected(batch[:middle])
            yield from self._undetected(batch[middle:])
        else:
            yield from (_without_effect(mutation) for mutation in batch)

    def _run_one(self, mutation: Mutation) -> MutationResult:
        apply = self._apply if mutation.in_transaction else self._apply_outside_transaction
        try:
            error = apply(mutation)
            if error is not None:
                return _result(mutation, Outcome.NOT_APPLICABLE, reason=f"refused: {error}")
            return self._result_of_applied(mutation)
        finally:
            self._sandbox.undo()

    def _result_of_applied(self, mutation: Mutation) -> MutationResult:
        expects_finding = mutation.expectation is not Expectation.NOTHING
        changed = self._changed_catalogs() if expects_finding else ()
        if expects_finding and not changed:
            return _without_effect(mutation)
        try:
            reported = self._compare()
        except CatalogError as error:
            return _result(mutation, Outcome.MISSED, reason=error.details or error.message)
        if expects_finding and not reported.satisfies(mutation):
            reason = f"changed in {', '.join(changed)}"
            return _result(mutation, Outcome.MISSED, reported.summaries, reason)
        if mutation.isolated and self._is_false_alarm(reported, mutation):
            return _result(mutation, Outcome.FALSE_ALARM, reported.summaries)
        outcome = Outcome.DETECTED if expects_finding else Outcome.QUIET
        return _result(mutation, outcome, reported.summaries)

    def _apply(self, mutation: Mutation) -> str | None:
        """Apply a mutation, and return the server's error message if it is refused."""
        try:
            self._sandbox.apply(mutation.statements)
        except Exception as error:  # noqa: BLE001  (each driver has error classes of its own)
            return database_message(error)
        return None

    def _apply_outside_transaction(self, mutation: Mutation) -> str | None:
        """Apply a mutation that the server does not run in a transaction."""
        self._connection.autocommit = True
        try:
            with self._connection.cursor() as cursor:
                return _execute(cursor, mutation.statements)
        finally:
            self._connection.autocommit = False

    def _changed_catalogs(self) -> tuple[str, ...]:
        """The names of the system catalogs that have changed."""
        current = self._catalog.catalog_digests(self._connection)
        return tuple(name for name, digest in current.items() if digest != self._digests[name])

    def _compare(self) -> _Reported:
        """Compare the current schema with the schema without mutations."""
        actual = self._read(self._connection)
        return _Reported(changes_of(Gap.DRIFT, {Side.STAMPED: self.schema, Side.LIVE: actual}))

    def _is_false_alarm(self, reported: _Reported, mutation: Mutation) -> bool:
        """Whether an unrelated change is still reported when the server decides what is equal."""
        if not self._has_unrelated(reported, [mutation]):
            return False
        actual = self._read(self._connection)
        return self._has_unrelated(_Reported(self._compare_fully(self.schema, actual)), [mutation])

    def _has_unrelated(self, reported: _Reported, mutations: Sequence[Mutation]) -> bool:
        """Whether a change is reported for an object that no mutation changes or creates."""
        mutated = {
            mutation.address
            for mutation in mutations
            if mutation.expectation is not Expectation.NOTHING
        }
        return any(not self._is_related(change, mutated) for change in reported.changes)

    def _is_related(self, change: Change, mutated: set[Address]) -> bool:
        """Whether a change is one of the mutated objects, a created one, or inherited from one."""
        if any(member.address in mutated for member in _with_parts([change])):
            return True
        if _is_created_by_mutation(change.address):
            return True
        address: Address | None = change.address
        while address is not None and address not in mutated:
            obj = self.schema.objects.get(address)
            address = obj.inherited_from if obj is not None else None
        return address is not None


class _Reported:
    """The changes that a comparison reports.

    Attributes:
        changes: The changes, parts within their parent objects.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        members = [*_with_parts(changes)]
        self._types = {(change.type.value, change.address) for change in members}
        self._renames = {
            (change.address, change.actual.address)
            for change in members
            if change.type is ChangeType.RENAMED and change.actual is not None
        }

    @property
    def summaries(self) -> tuple[str, ...]:
        """Each change in a few words."""
        return tuple(map(_summary, self.changes))

    def satisfies(self, mutation: Mutation) -> bool:
        """Whether the expected finding is reported.

        A rename may also be reported as one missing object and one extra object.
        """
        if mutation.expectation is not Expectation.RENAMED:
            return (mutation.expectation.value, mutation.address) in self._types
        missing_and_extra = {
            (Expectation.MISSING.value, mutation.address),
            (Expectation.EXTRA.value, mutation.renamed_to),
        }
        is_rename = (mutation.address, mutation.renamed_to) in self._renames
        return is_rename or missing_and_extra <= self._types


def _is_created_by_mutation(address: Address) -> bool:
    return any(name.startswith(NAME_PREFIX) for name in (address.schema, *address.path))


def _execute(cursor: Cursor, statements: Sequence[str]) -> str | None:
    """Run statements until the server refuses one, and return its error message."""
    try:
        for statement in statements:
            cursor.execute(statement)
    except Exception as error:  # noqa: BLE001  (each driver has error classes of its own)
        return database_message(error)
    return None


def _with_parts(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _with_parts(change.parts)


def _summary(change: Change) -> str:
    attributes = dict.fromkeys(difference.attribute for difference in change.differences)
    return f"{change.type} {change.address}" + f" ({', '.join(attributes)})" * bool(attributes)


def _without_effect(mutation: Mutation) -> MutationResult:
    return _result(mutation, Outcome.NOT_APPLICABLE, reason="no effect")


def _result(
    mutation: Mutation, outcome: Outcome, reported: tuple[str, ...] = (), reason: str = ""
) -> MutationResult:
    return MutationResult(
        mutation.address, mutation.description, mutation.statements, outcome, reported, reason
    )
