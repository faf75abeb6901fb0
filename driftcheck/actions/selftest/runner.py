"""Makes trials on a shadow database, looks at what is told of them, and takes them back.

Reading a schema takes longer than changing it. So trials of different objects are made together
and read once. What is told must then be what each of them alone would tell, and nothing besides;
where it is not, they are made in smaller lots, down to one by one. What is judged to be missed, to
be a false alarm or to be nothing that could be tried is always judged of one trial by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from driftcheck.chain import Gap, Side
from driftcheck.databases.catalog import Catalog, Cursor
from driftcheck.databases.messages import database_message
from driftcheck.databases.mutations import MADE, Telling, Trial
from driftcheck.errors import CatalogError
from driftcheck.judging.comparison import Change, ChangeType
from driftcheck.judging.judge import changes_of
from driftcheck.judging.mutation_results import Outcome, Tried
from driftcheck.schema import Address, Snapshot

Read = Callable[[Any], Snapshot]
"""Reads the schema within a connection's transaction."""


class Bed:
    """A shadow database where trials are made and taken back.

    Args:
        connection: An open DB-API connection to it; its transactions are this bed's.
        catalog: The catalog of its database.
        read: Reads its schema as a check reads the live one's.

    Attributes:
        schema: What is there before anything is tried.
    """

    def __init__(self, connection: Any, catalog: Catalog, read: Read) -> None:
        self._connection = connection
        self._catalog = catalog
        self._read = read
        self.schema = read(connection)
        self._witness = catalog.witness(connection)
        connection.rollback()

    def attempt(self, trials: Sequence[Trial]) -> Iterator[Tried]:
        """Make trials of different objects, of which the same sort of change must be told.

        Yields:
            What came of each, in no order.
        """
        if len(trials) == 1:
            yield self._attempt_one(trials[0])
            return
        made, refused, told = self._made_together(trials)
        if told is None or (trials[0].alone and self._is_beside(told, made)):
            yield from self._halves(made)
        else:
            yield from self._sorted_out(made, told)
        for trial in refused:  # by the server or, as likely, because of another one
            yield self._attempt_one(trial)

    def _made_together(
        self, trials: Sequence[Trial]
    ) -> tuple[list[Trial], list[Trial], _Told | None]:
        """Which of the trials could be made, which not, and what is told of them, if it can be."""
        made: list[Trial] = []
        refused: list[Trial] = []
        try:
            for trial in trials:
                (made if self._refused(trial) is None else refused).append(trial)
            return made, refused, self._told()
        except CatalogError:
            return made, refused, None
        finally:
            self._connection.rollback()

    def _halves(self, trials: Sequence[Trial]) -> Iterator[Tried]:
        middle = len(trials) // 2
        for half in (trials[:middle], trials[middle:]):
            if half:
                yield from self.attempt(half)

    def _sorted_out(self, trials: Sequence[Trial], told: _Told) -> Iterator[Tried]:
        """What came of trials where nothing was told that does not come of them."""
        untold = []
        for trial in trials:
            if trial.telling is Telling.NOTHING:
                yield _tried(trial, Outcome.QUIET)
            elif told.tells(trial):
                yield _tried(trial, Outcome.FOUND)
            else:
                untold.append(trial)
        yield from self._untold(untold)

    def _untold(self, trials: Sequence[Trial]) -> Iterator[Tried]:
        """Tell apart what has changed nothing, which is most, and what was missed."""
        if len(trials) < 2:  # noqa: PLR2004  (nothing to be told apart)
            yield from map(self._attempt_one, trials)
            return
        try:
            refused = [trial for trial in trials if self._refused(trial) is not None]
            seen = self._seen()
        finally:
            self._connection.rollback()
        if refused or seen:
            middle = len(trials) // 2
            yield from self._untold(trials[:middle])
            yield from self._untold(trials[middle:])
        else:
            yield from (_unchanged(trial) for trial in trials)

    def _attempt_one(self, trial: Trial) -> Tried:
        try:
            refused = self._refused(trial) if trial.in_transaction else self._refused_outside(trial)
            if refused is not None:
                return _tried(trial, Outcome.NOT_APPLICABLE, reason=f"refused: {refused}")
            return self._judged(trial)
        finally:
            self._connection.rollback()

    def _judged(self, trial: Trial) -> Tried:
        must_be_told = trial.telling is not Telling.NOTHING
        seen = self._seen() if must_be_told else ()
        if must_be_told and not seen:
            return _unchanged(trial)
        try:
            told = self._told()
        except CatalogError as error:
            return _tried(trial, Outcome.MISSED, reason=error.details or error.message)
        if must_be_told and not told.tells(trial):
            return _tried(trial, Outcome.MISSED, told.words, f"changed in {', '.join(seen)}")
        if trial.alone and self._is_beside(told, [trial]):
            return _tried(trial, Outcome.FALSE_ALARM, told.words)
        return _tried(trial, Outcome.FOUND if must_be_told else Outcome.QUIET, told.words)

    def _refused(self, trial: Trial) -> str | None:
        """Make a trial, or say what the server says where it does not; that leaves no trace."""
        with self._connection.cursor() as cursor:
            cursor.execute("SAVEPOINT driftcheck_trial")
            refused = _run(cursor, trial.statements)
            if refused is not None:
                cursor.execute("ROLLBACK TO SAVEPOINT driftcheck_trial")
        return refused

    def _refused_outside(self, trial: Trial) -> str | None:
        """The same for what the server runs outside of a transaction only."""
        self._connection.autocommit = True
        try:
            with self._connection.cursor() as cursor:
                return _run(cursor, trial.statements)
        finally:
            self._connection.autocommit = False

    def _seen(self) -> tuple[str, ...]:
        """The server's catalogs in which anything has changed."""
        now = self._catalog.witness(self._connection)
        return tuple(name for name, digest in now.items() if digest != self._witness[name])

    def _told(self) -> _Told:
        """What is told of the database as it is now."""
        actual = self._read(self._connection)
        return _Told(changes_of(Gap.DRIFT, {Side.STAMPED: self.schema, Side.LIVE: actual}))

    def _is_beside(self, told: _Told, trials: Sequence[Trial]) -> bool:
        """Whether any change is of something else than what the trials change or make."""
        about = {trial.address for trial in trials if trial.telling is not Telling.NOTHING}
        return any(not self._comes_of(change, about) for change in told.changes)

    def _comes_of(self, change: Change, about: set[Address]) -> bool:
        if any(one.address in about for one in _flat([change])) or _is_made(change.address):
            return True
        address: Address | None = change.address
        while address is not None and address not in about:
            thing = self.schema.objects.get(address)
            address = thing.inherited_from if thing is not None else None
        return address is not None


class _Told:
    """What a comparison tells.

    Attributes:
        changes: The changes.
    """

    def __init__(self, changes: Sequence[Change]) -> None:
        self.changes = changes
        flat = [*_flat(changes)]
        self._sorts = {(change.type.value, change.address) for change in flat}
        self._renames = {
            (change.address, change.actual.address)
            for change in flat
            if change.type is ChangeType.RENAMED and change.actual is not None
        }

    @property
    def words(self) -> tuple[str, ...]:
        """Each change in a few words."""
        return tuple(map(_in_words, self.changes))

    def tells(self, trial: Trial) -> bool:
        """Whether what must be told of a trial is told: of a rename, that one went and one came."""
        if trial.telling is not Telling.RENAMED:
            return (trial.telling.value, trial.address) in self._sorts
        came_and_went = {
            (Telling.MISSING.value, trial.address),
            (Telling.EXTRA.value, trial.renamed_to),
        }
        return (trial.address, trial.renamed_to) in self._renames or came_and_went <= self._sorts


def _is_made(address: Address) -> bool:
    return any(name.startswith(MADE) for name in (address.schema, *address.path))


def _run(cursor: Cursor, statements: Sequence[str]) -> str | None:
    """Run statements until the server refuses one, and say what it says."""
    try:
        for statement in statements:
            cursor.execute(statement)
    except Exception as error:  # noqa: BLE001  (every driver has errors of its own)
        return database_message(error)
    return None


def _flat(changes: Iterable[Change]) -> Iterator[Change]:
    for change in changes:
        yield change
        yield from _flat(change.parts)


def _in_words(change: Change) -> str:
    inside = ", ".join(dict.fromkeys(difference.attribute for difference in change.differences))
    return f"{change.type} {change.address}" + f" ({inside})" * bool(inside)


def _unchanged(trial: Trial) -> Tried:
    return _tried(trial, Outcome.NOT_APPLICABLE, reason="it is so already")


def _tried(trial: Trial, outcome: Outcome, told: tuple[str, ...] = (), reason: str = "") -> Tried:
    return Tried(trial.address, trial.doing, trial.statements, outcome, told, reason)
