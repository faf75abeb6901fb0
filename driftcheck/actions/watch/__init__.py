"""``driftcheck watch``: makes the same check again and again, and tells what is new or gone."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from driftcheck.actions.watch.rounds import RoundRunner
from driftcheck.actions.watch.state import KnownDatabase, load_state, save_state
from driftcheck.actions.watch.stopping import Stop
from driftcheck.actions.watch.webhook import Webhook, message_of
from driftcheck.errors import UsageError
from driftcheck.judging.watch_events import WatchEvent

_JITTER = 0.05
"""The part of an interval by which it is longer or shorter, so that many watches do not start their
rounds at the same moment."""


class Gauges(Protocol):
    """Where the result of each round is published."""

    def set(self, databases: Mapping[str, KnownDatabase], seconds: float, *, made: bool) -> None:
        """Publish what is known of each database after a round, and how long it took."""


@dataclass(frozen=True)
class WatchOptions:
    """How a watch works.

    Attributes:
        check: The command of the check and its arguments.
        interval: The seconds from the start of a round to the start of the next.
        state: The file that keeps the state.
        webhook: Where events are sent; ``None`` for nowhere.
        gauges: Where the result of each round is published; ``None`` for nowhere.
    """

    check: Sequence[str]
    interval: float
    state: Path
    webhook: Webhook | None = None
    gauges: Gauges | None = None


def watch(
    options: WatchOptions, tell: Callable[[WatchEvent], None], warn: Callable[[str], None]
) -> None:
    """Make rounds until SIGINT, SIGTERM or SIGHUP.

    Args:
        options: How the watch works.
        tell: Called with each event.
        warn: Called with what goes wrong with the watch itself, in a sentence.

    Raises:
        DriftcheckError: The check cannot be run with its arguments (in the first round), or the
            state file cannot be used.
    """
    stop = Stop()
    _Watch(options, tell, warn, stop).run()


class _Watch:
    """The rounds of a watch. The arguments are those of ``watch``."""

    def __init__(
        self,
        options: WatchOptions,
        tell: Callable[[WatchEvent], None],
        warn: Callable[[str], None],
        stop: Stop,
    ) -> None:
        self._options = options
        self._tell = tell
        self._warn = warn
        self._stop = stop
        self._runner = RoundRunner(options.check, stop)
        self._state = load_state(options.state)
        self._has_run = False

    def run(self) -> None:
        """Make rounds, and send messages between them.

        After a round that takes longer than the interval, the next begins at once.
        """
        while not self._stop.requested():
            due = time.monotonic() + self._options.interval * random.uniform(  # noqa: S311
                1 - _JITTER, 1 + _JITTER
            )
            self._round()
            while not self._stop.requested() and (now := time.monotonic()) < due:
                self._stop.wait(min(due, self._next_attempt(due)) - now)
                self._deliver(time.monotonic())

    def _round(self) -> None:
        """Make a round, and tell what is new and what is gone."""
        at, began = datetime.now().astimezone(), time.monotonic()
        try:
            result = self._runner.run()
            failure = result.failure if result else ""
        except UsageError as error:
            if not self._has_run:
                raise
            result, failure = None, error.message
        if self._stop.requested():
            return
        self._has_run = True
        state = self._state
        if failure or result is None:
            events = state.fail(failure, at)
        else:
            events = state.update(result.databases, at)
        self._publish(events, time.monotonic() - began, made=not failure)

    def _publish(self, events: Sequence[WatchEvent], seconds: float, *, made: bool) -> None:
        """Tell the events, then save the state with the message about them, then send it.

        If the process ends before the state is saved, the events are told again. If it ends before
        the receiver has taken the message, the message is sent again with the same identifier.
        """
        state, options = self._state, self._options
        for event in events:
            self._tell(event)
        if events and options.webhook is not None:
            state.outbox.append(message_of(events))
        save_state(state, options.state)
        if options.gauges is not None:
            options.gauges.set(state.databases, seconds, made=made)
        self._deliver(time.monotonic())

    def _deliver(self, now: float) -> None:
        webhook, outbox = self._options.webhook, self._state.outbox
        if webhook is None or not outbox or now < webhook.due:
            return
        for problem in webhook.deliver(outbox, now):
            self._warn(problem)
        save_state(self._state, self._options.state)

    def _next_attempt(self, due: float) -> float:
        """Return when the next message is due; ``due`` if there is none."""
        webhook = self._options.webhook
        return webhook.due if webhook is not None and self._state.outbox else due
