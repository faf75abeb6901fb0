"""Chooses trials: a sample of them, and lots that can be made together."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Hashable, Iterator, Sequence
from itertools import chain, zip_longest

from driftcheck.databases.mutations import Telling, Trial
from driftcheck.schema import Address


def chosen(trials: Sequence[Trial], sample: int | None, seed: int) -> list[Trial]:
    """A sample of trials in their own order: of each sort one, then of each another one."""
    if sample is None or len(trials) <= sample:
        return list(trials)
    drawn = random.Random(seed)  # noqa: S311  (it need only be another one)
    sorts: dict[tuple[str, str], list[int]] = {}
    for number in drawn.sample(range(len(trials)), len(trials)):
        trial = trials[number]
        sorts.setdefault((trial.address.kind, trial.doing), []).append(number)
    rounds = chain.from_iterable(zip_longest(*sorts.values()))
    numbers = [number for number in rounds if number is not None][:sample]
    return [trials[number] for number in sorted(numbers)]


def lots(trials: Sequence[Trial], size: int) -> Iterator[list[Trial]]:
    """Trials that can be made together: of different objects, and telling the same sort of change.

    What is dropped is dropped in the reverse of the order in which it was built, so that each is
    still there. What is renamed is told by both its names, so that nothing else can be taken for
    it: but not together with what it is named within. What others follow otherwise is made together
    only with the same of other objects of the kind: they do not follow each other.
    """
    open_lots: dict[Hashable, list[dict[Address, Trial]]] = defaultdict(list)
    dropping = [trial for trial in trials if trial.telling is Telling.MISSING]
    others = (trial for trial in trials if trial.telling is not Telling.MISSING)
    for trial in (*reversed(dropping), *others):
        if not trial.in_transaction:
            yield [trial]
            continue
        several = open_lots[_together(trial)]
        lot = next((one for one in several if trial.address not in one), None)
        if lot is None:
            several.append(lot := {})
        lot[trial.address] = trial
        if len(lot) == size:
            several.remove(lot)
            yield [*lot.values()]
    yield from ([*lot.values()] for several in open_lots.values() for lot in several)


def _together(trial: Trial) -> Hashable:
    """What trials must have alike to be made together."""
    if trial.alone or trial.telling in (Telling.MISSING, Telling.EXTRA):
        return trial.telling, trial.alone
    if trial.telling is Telling.RENAMED:
        return trial.telling, trial.doing, bool(trial.address.schema), len(trial.address.path)
    return trial.telling, trial.address.kind, trial.doing
