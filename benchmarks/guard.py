"""The guard: what it adds to ``alembic check``, warm, without and with drift."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import count, islice

from benchmarks.bench import Bench, Site
from benchmarks.measuring import Command, Spent, difference, in_turn, median
from benchmarks.project import ENV, drift_statements
from benchmarks.tables import Table, seconds

_GUARDED_ENV = ENV.replace(
    "transaction_per_migration=True",
    'autogenerate_plugins=["alembic.autogenerate.*", "driftcheck.guard"]',
)
_WARM = 3
"""The history is cached by the first check, the answer by the second one."""


def guard(bench: Bench) -> None:
    """Time ``alembic check`` with the guard against ``alembic check`` without it."""
    note = (
        "Warm, with the mode refuse. The models have one change in each case, because a migration "
        "without operations is not checked. The last two columns are what the guard adds."
    )
    header = ("", "without the guard, CPU", "with the guard, CPU", "added CPU", "added wall")
    table = Table("The guard", note, header)
    for tables in bench.tables:
        site = bench.upgraded(tables, env=_GUARDED_ENV)
        site.project.declare_added(1)
        _row(table, f"{tables} tables, no drift", _pairs(bench, site))
        site.execute(islice(drift_statements(tables, tables), 1))
        _row(table, f"{tables} tables, drift", _pairs(bench, site))
        changed = _pairs(bench, site, changes=True)
        _row(table, f"{tables} tables, drift, models changed", changed)


def _pairs(bench: Bench, site: Site, *, changes: bool = False) -> Sequence[tuple[Spent, Spent]]:
    """Run the command without and with the guard in turn.

    Args:
        bench: The benchmark.
        site: The project.
        changes: Whether the models are changed before each guarded run.
    """
    without, guarded = _check(site, "off"), _check(site, "refuse")
    for _ in range(_WARM):
        guarded.run()
    if changes:
        numbers = count(2)
        guarded = replace(guarded, prepare=lambda: site.project.declare_added(next(numbers)))
    return in_turn(without, guarded, bench.rounds)


def _check(site: Site, mode: str) -> Command:
    command = site.alembic("check")
    return replace(command, environment={**command.environment, "DRIFTCHECK_GUARD": mode})


def _row(table: Table, name: str, pairs: Sequence[tuple[Spent, Spent]]) -> None:
    without, guarded = zip(*pairs, strict=True)
    table.row(
        name,
        seconds(median(without, "cpu")),
        seconds(median(guarded, "cpu")),
        difference(pairs, "cpu"),
        difference(pairs, "wall"),
    )
