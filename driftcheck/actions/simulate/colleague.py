"""Simulates the upgrade of databases that only the migrations have changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from driftcheck.actions.simulate.runner import (
    EMPTY,
    Scenario,
    ScenarioResult,
    ScenarioRunner,
    Start,
)
from driftcheck.databases.location import DatabaseKey
from driftcheck.errors import CannotCheckError
from driftcheck.pipeline.building.replays import Replays
from driftcheck.pipeline.building.shadows import Shadows
from driftcheck.pipeline.progress import Progress, Step
from driftcheck.sources.replay import Destinations, Replay

Results = dict[DatabaseKey, list[ScenarioResult]]
"""The results of the simulations of each database, in the order of their start points."""

_Numbered = dict[tuple[DatabaseKey, int], ScenarioResult]
"""The results of simulations, by their database and the number of their start point."""


class ColleagueSimulation:
    """Simulates the upgrade of a colleague's databases from several start points.

    A database at a start point has run the ancestors of its revisions and nothing else. So the
    start points are divided into chains: on a chain, each start point has all ancestors of the
    previous one. The history is replayed once for each chain; a history without branches is one
    chain. At each start point, the shadows are copied, and the simulation runs on the copies.

    Args:
        shadows: Creates the project's shadow databases.
        replays: Replays its history.
        runner: Runs the simulations.
        live_revisions: The revisions of the live databases, if a colleague's database is at the
            same ones.
        progress: Called with a short description of each step.
    """

    def __init__(
        self,
        shadows: Shadows,
        replays: Replays,
        runner: ScenarioRunner,
        live_revisions: Mapping[DatabaseKey, Sequence[str]] | None,
        progress: Progress,
    ) -> None:
        self._shadows = shadows
        self._replays = replays
        self._runner = runner
        self._live_revisions = live_revisions
        self._progress = progress

    def run(
        self,
        scenarios: Sequence[Scenario],
        chains: Sequence[Mapping[int, Destinations]],
        before: Callable[[str], Destinations],
    ) -> Results:
        """Simulate the upgrade from each start point that the history reaches.

        If the history reaches none, the simulation starts before the revision that fails.

        Args:
            scenarios: The parameters of the simulations of each database.
            chains: The start points of each chain in the order of the history, by their numbers.
            before: Returns the start point from which a revision is run.

        Raises:
            CannotCheckError: The history does not build as far as the first start point.
        """
        results: _Numbered = {}
        total = len(scenarios) * sum(map(len, chains))
        for chain in chains:
            replay = self._replay(scenarios, chain, results, total)
        if not results and replay.fault is not None:
            last = {0: before(replay.fault.where.revision)}
            replay = self._replay(scenarios, last, results, len(scenarios))
        if not results:
            raise _not_reached(replay)
        by_database: Results = {scenario.database_key: [] for scenario in scenarios}
        for database_key, number in sorted(results, key=lambda key: key[1]):
            by_database[database_key].append(results[database_key, number])
        return by_database

    def _replay(
        self,
        scenarios: Sequence[Scenario],
        chain: Mapping[int, Destinations],
        results: _Numbered,
        total: int,
    ) -> Replay:
        """Replay the history once, and add the result of the simulation from each start point.

        Args:
            scenarios: The parameters of the simulations of each database.
            chain: The start points.
            results: The results so far.
            total: The number of results that there will be.
        """
        shadow_set = self._shadows.replay_set("colleague")
        numbers, start_points = [*chain], [*chain.values()]

        def at_stop(stop: int, replay: Replay) -> None:
            for scenario in scenarios:
                self._show(len(results), total)
                copies = self._shadows.copies(shadow_set, "colleague")
                for each in scenarios:
                    self._shadows.shadow(copies, each.database_key)
                revisions = _revisions_of(scenario, start_points[stop])
                start = Start(
                    ", ".join(revisions) or EMPTY,
                    self._description(scenario.database_key, revisions),
                    copies,
                    replay.sources.made_in(scenario.database_key),
                )
                result = self._runner.run(scenario, start)
                results[scenario.database_key, numbers[stop]] = result
                copies.begin_again()

        return self._replays.with_stops(shadow_set, start_points, at_stop)

    def _show(self, done: int, total: int) -> None:
        name = "simulating the upgrade"
        self._progress(Step(name, "simulation", min(done + 1, total), total))

    def _description(self, database_key: DatabaseKey, revisions: Sequence[str]) -> str:
        if not revisions:
            return "a colleague's database is empty"
        at = ", ".join(revisions)
        if self._live_revisions is None:
            return f"a colleague's database, built by the migrations only, is at {at}"
        if tuple(revisions) == tuple(self._live_revisions[database_key]):
            return (
                "a colleague's database, built by the migrations only, is at the revision of the "
                f"live database, {at}"
            )
        return (
            f"a colleague's database, built by the migrations only, is at {at}: the next revision "
            "does not build"
        )


def _not_reached(replay: Replay) -> CannotCheckError:
    assert replay.fault is not None  # noqa: S101  (otherwise there is a result)
    return CannotCheckError(
        "the history does not build up to the revision of the colleague's database: revision "
        f"{replay.fault.where.revision} fails",
        hint="Run driftcheck compare: it shows how to fix the history.",
        details=replay.fault.message,
    )


def _revisions_of(scenario: Scenario, destinations: Destinations) -> tuple[str, ...]:
    return tuple(
        revision
        for table in scenario.tables
        for revision in destinations.get((scenario.database_key, table), ())
    )
