"""Plays a colleague who upgrades a database that nobody touched, before she does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from sqlalchemy.engine import URL

from driftcheck.actions.simulate.generated_migration import Generated, generate
from driftcheck.actions.simulate.outcomes import Background, outcomes
from driftcheck.actions.simulate.runner import EMPTY, Scenario, ScenarioResult, Start, play
from driftcheck.actions.simulate.start_points import StartPoints
from driftcheck.chain import CHAIN, Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey, database_key_of, shown
from driftcheck.databases.messages import lacks_rights
from driftcheck.databases.shadow.base import (
    UNTRUSTED_NOT_RUN,
    USE_PRIVATE_SERVER,
    ShadowDatabase,
    ShadowMaker,
)
from driftcheck.errors import CannotCheckError, ConfigurationError, ProjectError, ShadowError
from driftcheck.judging.findings import Finding
from driftcheck.judging.judge import judge
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.pipeline.autogenerate_runner import AutogenerateRunner, NotTriedError
from driftcheck.pipeline.coverage import coverage
from driftcheck.pipeline.database_state import (
    Database,
    changes_in,
    destinations_of,
    live_side,
    pending_in,
)
from driftcheck.pipeline.faults import head_faults
from driftcheck.pipeline.histories import (
    get_history,
    in_words_of_base,
    replay_with_stops,
    stamp,
)
from driftcheck.pipeline.remedies import FindingContext, Operations, complete
from driftcheck.pipeline.session import Progress, Session, open_session
from driftcheck.project.redirect import ShadowSet
from driftcheck.sources.history import version_table_keys, version_tables
from driftcheck.sources.replay import Destinations, Replay, RevisionFailure
from driftcheck.sources.untrusted import build_untrusted
from driftcheck.storage.temporary import temporary_directory


@dataclass(frozen=True)
class Colleague:
    """Who is played.

    Attributes:
        at: The revision that her database is at, in place of the live one's.
        every: Whether she is played once from every revision.
        since: The first of these; ``None`` for an empty database.
        after_downgrade: Play not her but the developer, whose database is the live one, who takes
            back that many revisions once all have run.
        with_data: Whether rows are put into the tables first.
    """

    at: str | None = None
    every: bool = False
    since: str | None = None
    after_downgrade: int = 0
    with_data: bool = False


def simulate(settings: Settings, whom: Colleague, progress: Progress = lambda _: None) -> Report:
    """Play a colleague's upgrade on shadow databases.

    She upgrades with the migrations of the working tree, and then with the one that ``migrate``
    would write if it were run on the live database now.

    Args:
        settings: The project, and where its databases are.
        whom: Who is played.
        progress: Told what is being done.

    Raises:
        DriftcheckError: It could not be played; nothing was left behind.
    """
    settings = replace(settings, gaps=CHAIN, fail_on=frozenset())
    with (
        temporary_directory("generated") as directory,
        open_session(settings, progress) as session,
    ):
        return _Simulation(session, whom, directory).report()


class _Simulation:
    def __init__(self, session: Session, whom: Colleague, directory: Path) -> None:
        self._session = session
        self._whom = whom
        self._directory = directory
        begins_with = bool(session.settings.bootstrap or session.settings.base_snapshot)
        self._databases = [
            Database(database_key, configured, live_side(session, database_key), begins_with)
            for database_key, configured in session.environment.databases.items()
        ]
        self._stamped = destinations_of(session, self._databases)
        self._history = get_history(session, self._stamped).history
        for one in self._databases:
            one.fill(session, self._history)
        self._judged = {
            one.database_key: judge(
                changes_in(session, one, one.gaps(CHAIN)), one.snapshots, one.catalog.describe
            )
            for one in self._databases
        }

        self._stands = StartPoints(session)
        self._notes: list[str] = []
        self._found: dict[DatabaseKey, list[Finding]] = {}

    def report(self) -> Report:
        played = self._developers() if self._whom.after_downgrade else self._colleagues()
        reports = tuple(self._report(one, played[one.database_key]) for one in self._databases)
        name = self._session.project.name
        return Report(name, reports, frozenset(), "driftcheck simulate-colleague")

    @cached_property
    def _generated(self) -> Generated | None:
        """What ``migrate`` would write; nothing where it would refuse to run."""
        heads = self._session.environment.heads
        known = all(one.place_in_history_is_known for one in self._databases)
        if self._history.fault is not None or len(heads) != 1 or not known:
            return None
        session = self._session
        if not Path(session.project.script_directory().dir, "script.py.mako").is_file():
            self._notes.append("migrate can write nothing: there is no script.py.mako")
            return None
        # Before the history ends in one more revision, to which no shadow is upgraded yet.
        self._found = {one.database_key: self._findings(one) for one in self._databases}
        session.progress("running autogenerate")
        shadow_set = ShadowSet("migrate", self._as_live)
        try:
            for one in self._databases:  # now: to make one may take a run of env.py
                shadow_set.shadow_of(session.target(one.database_key))
        except NotTriedError as reason:
            self._notes.append(f"what migrate would write was not tried: {reason.message}")
            return None
        try:
            return generate(session.project, session.redirect, shadow_set, self._directory)
        except ProjectError as error:
            if not any(shadow.role for shadow in shadow_set.shadows.values()):
                raise
            self._notes.append(
                "what migrate would write was not tried: env.py does not run as a role without "
                f"a superuser's rights: {error.message}"
            )
            return None

    def _as_live(self, target: URL, purpose: str) -> ShadowDatabase:
        """A shadow at the head with the drift that the live database has."""
        for one in self._databases:
            if one.database_key == database_key_of(target):
                drifted = self._bench.drifted(
                    one.database_key, self._judged[one.database_key], one.catalog
                )
                return drifted.shadow_of(target)
        return self._session.shadows.make(target, purpose)

    @cached_property
    def _bench(self) -> AutogenerateRunner:
        return AutogenerateRunner(self._session, self._history)

    def _scenario(self, one: Database) -> Scenario:
        return Scenario(
            self._session,
            one.database_key,
            version_tables(self._session.environment)[one.database_key],
            self._session.environment.heads,
            one.snapshots.get(Side.HEAD),
            in_words_of_base(self._session, one.database_key),
            self._generated,
            with_data=self._whom.with_data,
            downgrades=self._whom.after_downgrade,
        )

    def _colleagues(self) -> dict[DatabaseKey, list[ScenarioResult]]:
        """Play her from each start, all of them reached by one replay."""
        scenarios = [self._scenario(one) for one in self._databases]
        played: dict[tuple[DatabaseKey, int], ScenarioResult] = {}
        stops = self._stops()
        session = replace(self._session, replayed=self._session.shadow_set("colleague"))

        def at(number: int, replay: Replay) -> None:
            for scenario in scenarios:
                session.progress("playing the colleague")
                shadow_set = session.shadows.copies(session.replayed, "colleague")
                for database_key in session.environment.databases:
                    shadow_set.shadow_of(session.target(database_key))
                revisions = _revisions_at(scenario, stops[number])
                opening = self._opening(scenario, revisions)
                made = replay.made.get(scenario.database_key, {})
                start = Start(", ".join(revisions) or EMPTY, opening, shadow_set, made)
                played[scenario.database_key, number] = play(scenario, start)
                shadow_set.begin_again()

        replay = replay_with_stops(session, stops, at)
        if not played:
            assert replay.fault is not None  # noqa: S101  (or there was something to play)
            raise CannotCheckError(
                f"the history does not build as far as the colleague's database: revision "
                f"{replay.fault.where.revision} fails",
                hint="Run driftcheck compare: it shows how to fix the history.",
                details=replay.fault.message,
            )
        return {
            scenario.database_key: [
                one
                for (database_key, _), one in played.items()
                if database_key == scenario.database_key
            ]
            for scenario in scenarios
        }

    def _opening(self, scenario: Scenario, revisions: Sequence[str]) -> str:
        if not revisions:
            return "a colleague's database is empty"
        hers, at = "a colleague's database", ", ".join(revisions)
        live = next(
            one.live for one in self._databases if one.database_key == scenario.database_key
        )
        if self._whom.at or self._whom.every or live is None:
            return f"{hers}, as the migrations alone make it, stands at {at}"
        if tuple(revisions) == tuple(live.stamped or ()):
            return f"{hers}, as the migrations alone make it, stands where live does, at {at}"
        return f"{hers} stands at {at}: further, the history does not build"

    def _stops(self) -> list[Destinations]:
        """Where her database may stand, in the order of the history."""
        everywhere = version_table_keys(self._session.environment)
        whom = self._whom
        if whom.at or whom.every:
            asked = self._stands.asked(whom.at, since=whom.since)
            stops: list[Destinations] = [dict.fromkeys(everywhere, one) for one in asked]
        else:
            self._require_place_in_history()
            stops = [self._stamped]
        fault = self._history.fault
        if fault is None:
            return stops
        broken = fault.where.revision
        reached = [stop for stop in stops if broken not in self._stands.ancestry(_all_of(stop))]
        return reached or [dict.fromkeys(everywhere, self._stands.before(broken))]

    def _require_place_in_history(self) -> None:
        if not all(one.place_in_history_is_known for one in self._databases):
            raise CannotCheckError(
                "it is not known which revision the live database is at",
                hint="Say where the colleague's database stands: --at REVISION, or --all.",
            )

    def _developers(self) -> dict[DatabaseKey, list[ScenarioResult]]:
        """Play the developer, whose own database is the live one."""
        self._require_place_in_history()
        for one in self._databases:
            _require_private(self._session.maker(one.database_key), one)
        revisions = len(self._stands.ancestry(self._session.environment.heads))
        revisions += self._generated is not None
        if self._whom.after_downgrade > revisions:
            raise ConfigurationError(
                f"there are only {revisions} revisions that could be taken back",
                hint=f"Give --after-downgrade a number up to {revisions}.",
            )
        return {one.database_key: [self._developer(one)] for one in self._databases}

    def _developer(self, one: Database) -> ScenarioResult:
        session = self._session
        assert one.live is not None  # noqa: S101  (its place in the history is known)
        session.progress("copying the live database's schema")
        shadow_set = ShadowSet("developer", session.shadows.make_restricted)
        build_untrusted(one.live.snapshot, shadow_set.shadow_of(session.target(one.database_key)))
        stamp(session, shadow_set, one.live.stamped or ())
        at = ", ".join(one.live.stamped or ()) or EMPTY
        opening = f"a copy of the live database's schema stands at {at}"
        made = self._history.made.get(one.database_key, {})
        played = play(self._scenario(one), Start(at, opening, shadow_set, made))
        _require_rights(played.fault, shadow_set)
        return played

    def _findings(self, one: Database) -> list[Finding]:
        """What a comparison finds, with what it leads ``migrate`` to write."""
        operations, head = Operations(), one.snapshots.get(Side.HEAD)
        judged = self._judged[one.database_key]
        if head is not None and any(Gap.DRIFT in each.changes for each in judged):
            operations = self._bench.operations(
                one.database_key, judged, one.catalog, head.default_schema, partial(pending_in, one)
            )
        made = self._history.made.get(one.database_key, {})
        upgrade = self._session.project.upgrade_command
        return complete(judged, FindingContext(one.catalog, operations, made=made, upgrade=upgrade))

    def _report(self, one: Database, played: Sequence[ScenarioResult]) -> DatabaseReport:
        session, history = self._session, self._history
        made = history.made.get(one.database_key, {})
        background = Background(
            self._found.get(one.database_key, ()),
            made,
            self._generated,
            builds=history.fault is None,
            with_data=self._whom.with_data,
        )
        known = one.snapshots.get(Side.HEAD) or one.snapshots.get(Side.LIVE)
        return DatabaseReport(
            name=one.configured[0].bind or one.database_key.database,
            location=shown(session.live_url(one.database_key)),
            dialect=one.database_key.dialect,
            server_version=known.server_version if known else "",
            stamped=(one.live.stamped or ()) if one.live else (),
            heads=session.environment.heads,
            findings=(*head_faults(session.environment.heads), *outcomes(played, background)),
            coverage=coverage(known, one.catalog, session.scope) if known else Coverage({}),
            gaps=(),
            replay=history.how,
            shadows=session.maker(one.database_key).how,
            notes=(*self._notes, *session.maker(one.database_key).notes),
            simulations=tuple(one.play for one in played),
            environment=session.project.environment_file(),
        )


def _require_private(maker: ShadowMaker, one: Database) -> None:
    """Refuse to copy live's schema to where its functions or triggers could do harm."""
    if not maker.runs_untrusted_ddl:
        raise ShadowError(
            f"--after-downgrade copies the live database's schema, and {UNTRUSTED_NOT_RUN}",
            hint=USE_PRIVATE_SERVER,
        )
    has_triggers = one.live is not None and any(
        address.kind == "trigger" for address in one.live.snapshot.objects
    )
    if maker.shares_server and has_triggers:
        raise CannotCheckError(
            "--after-downgrade copies the live database's schema, and this one has triggers: "
            "on live's own server they would run with the rights of driftcheck's user",
            hint="Name another server with --shadow URL, and a user without rights on live.",
        )


def _require_rights(fault: RevisionFailure | None, shadow_set: ShadowSet) -> None:
    """Do not tell what a migration may not do in a restricted shadow as what happens on live."""
    restricted = any(shadow.role for shadow in shadow_set.shadows.values())
    if fault is not None and restricted and lacks_rights(fault.message):
        raise CannotCheckError(
            f"revision {fault.where.revision} needs rights that the copy of the live database's "
            "schema does not give: it belongs to a role without a superuser's rights",
            hint="Leave out --after-downgrade to play a colleague instead.",
            details="\n".join(filter(None, (fault.message, fault.statement))),
        )


def _revisions_at(scenario: Scenario, stop: Destinations) -> tuple[str, ...]:
    return tuple(
        r for table in scenario.tables for r in stop.get((scenario.database_key, table), ())
    )


def _all_of(stop: Destinations) -> set[str]:
    return {revision for several in stop.values() for revision in several}
