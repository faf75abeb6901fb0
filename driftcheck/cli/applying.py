"""``driftcheck repair --apply``: asks the user, runs the plans, and says what was done."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from driftcheck.cli.console import progress, say
from driftcheck.cli.options import combined
from driftcheck.cli.question import Terminal
from driftcheck.config.settings import Settings
from driftcheck.errors import ExitCode, UsageError
from driftcheck.reports.repair.outcome import left_text, outcome_text, question
from driftcheck.reports.visible import visible

if TYPE_CHECKING:  # --help does not need SQLAlchemy
    from driftcheck.actions.repair import Planned

LOCK_SECONDS = 3.0
"""The default time limit for one lock: how long the queries of others wait behind the repair."""
_HAZARDS = ("data-loss",)
_USED_WITH_APPLY = {"yes": "--yes", "allowed": "--allow", "lock_seconds": "--lock-timeout"}


@dataclass(frozen=True)
class Applying:
    """How the plans are run.

    Attributes:
        terminal: Where the user is asked; ``None`` if the user has agreed beforehand.
        allowed: The hazards that the user allows.
        lock_seconds: How long one statement waits for a lock.
    """

    terminal: Terminal | None
    allowed: frozenset[str]
    lock_seconds: float

    def run(self, planned: Planned, settings: Settings, *, verbose: bool) -> ExitCode:
        """Run the plans that were shown, if the user agrees.

        Args:
            planned: The plans.
            settings: The settings.
            verbose: Whether progress is written as lines where no terminal is.

        Raises:
            UsageError: A step has a hazard that is not allowed, or all has to be done by hand.
            RepairError: A plan is not proved, or could not be run to its end.
        """
        from driftcheck.actions.repair.refusals import require_applicable  # noqa: PLC0415
        from driftcheck.actions.repair.running import run_plan  # noqa: PLC0415
        from driftcheck.databases.repair_session import RepairLimits  # noqa: PLC0415

        if not planned.plans:
            return planned.result.exit_code
        require_applicable(planned.plans, self.allowed)
        if self.terminal is not None:
            repairs = [repair for repair in planned.result.databases if repair.is_needed]
            if not self.terminal.confirms(visible(question(repairs), keep="\n")):
                say("driftcheck: nothing was changed")
                return ExitCode.FOUND
        limits = RepairLimits(self.lock_seconds, settings.timeout)
        for plan in planned.plans:
            with progress(verbose=verbose) as show:
                outcome = run_plan(plan, limits, show)
            say(visible(outcome_text(outcome)))
        if planned.leaves_drift:
            say(visible(left_text(planned.result), keep="\n"))
            return ExitCode.FOUND
        return ExitCode.CLEAN


def apply_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of ``--apply``. The command receives ``applying``, or ``None`` without it."""

    @wraps(command)
    def applied(
        *,
        apply: bool,
        yes: bool,
        allowed: Sequence[str],
        lock_seconds: float | None,
        **others: Any,
    ) -> Any:
        applying = None
        if apply:
            applying = _applying(allowed, lock_seconds, yes=yes)
        else:
            given = {"yes": yes, "allowed": allowed, "lock_seconds": lock_seconds is not None}
            for name, is_given in given.items():
                if is_given:
                    raise UsageError(
                        f"{_USED_WITH_APPLY[name]} has no effect without --apply",
                        hint="Nothing was changed. Add --apply to run the plan.",
                    )
        return command(applying=applying, **others)

    return _options(applied)


_options = combined(
    click.option(
        "--apply", is_flag=True, help="Run the plan on the live database, after a question."
    ),
    click.option("--yes", is_flag=True, help="Run the plan without a question."),
    click.option(
        "--allow",
        "allowed",
        multiple=True,
        type=click.Choice(_HAZARDS),
        help="Run steps with this hazard. They are refused otherwise. May be repeated.",
    ),
    click.option(
        "--lock-timeout",
        "lock_seconds",
        type=click.FloatRange(0.01, 3600),  # a server takes 0 for no limit
        metavar="SECONDS",
        help="How long a statement waits for a lock. After several tries, nothing is changed.  "
        f"[default: {LOCK_SECONDS:g}]",
    ),
)


def _applying(allowed: Sequence[str], lock_seconds: float | None, *, yes: bool) -> Applying:
    """Return how the plans are run.

    Raises:
        UsageError: The user has not agreed, and cannot be asked.
    """
    terminal = None if yes else Terminal()
    if terminal is not None and not terminal.is_interactive:
        raise UsageError(
            "--apply asks before it changes the live database, and there is no terminal",
            hint="Nothing was changed. Review the plan of driftcheck repair, then add --yes.",
        )
    return Applying(terminal, frozenset(allowed), lock_seconds or LOCK_SECONDS)
