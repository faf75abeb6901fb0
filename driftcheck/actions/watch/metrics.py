"""The metrics of a watch, as Prometheus reads them over HTTP."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from driftcheck.actions.watch.state import KnownDatabase
from driftcheck.errors import CannotCheckError


@dataclass(frozen=True)
class _Values:
    """The metrics after a round. They are replaced as a whole, so no reader sees a part of them."""

    findings: Mapping[tuple[str, str, str], int] = field(default_factory=dict)
    up: Mapping[str, bool] = field(default_factory=dict)
    succeeded: Mapping[bool, int] = field(default_factory=dict)
    last_success: float | None = None
    seconds: float | None = None


class Metrics(Collector):
    """Serves the metrics on a port, in a thread.

    Args:
        host: The address to listen on.
        port: The port.

    Raises:
        CannotCheckError: The address cannot be used.
    """

    def __init__(self, host: str, port: int) -> None:
        self._values = _Values()
        registry = CollectorRegistry()
        registry.register(self)
        try:
            start_http_server(port, host, registry)
        except (OSError, OverflowError) as error:
            raise CannotCheckError(
                f"--prometheus cannot listen on {host}:{port}: {error}",
                hint="Name another port, or stop the program that uses it.",
            ) from None

    def set(self, databases: Mapping[str, KnownDatabase], seconds: float, *, made: bool) -> None:
        """Set the metrics after a round.

        Args:
            databases: What is known of each database.
            seconds: How long the round took.
            made: Whether the check could be made.
        """
        before = self._values
        self._values = _Values(
            findings=Counter(
                (name, str(finding["gap"] or ""), str(finding["rule"]))
                for name, known in databases.items()
                for finding in known.findings
            ),
            up={name: not known.unchecked for name, known in databases.items() if name},
            succeeded={**before.succeeded, made: before.succeeded.get(made, 0) + 1},
            last_success=time.time() if made else before.last_success,
            seconds=seconds,
        )

    def collect(self) -> Iterable[GaugeMetricFamily | CounterMetricFamily]:
        """Return the metrics. Called in the thread of the server for each request."""
        values = self._values
        findings = GaugeMetricFamily(
            "driftcheck_findings",
            "Findings when the database was last checked.",
            labels=["database", "gap", "rule"],
        )
        for labels, number in values.findings.items():
            findings.add_metric([*labels], number)
        up = GaugeMetricFamily(
            "driftcheck_database_up",
            "Whether the last round could check the database.",
            labels=["database"],
        )
        for name, is_up in values.up.items():
            up.add_metric([name], is_up)
        rounds = CounterMetricFamily("driftcheck_rounds", "Rounds.", labels=["result"])
        for made, result in ((True, "made"), (False, "failed")):
            rounds.add_metric([result], values.succeeded.get(made, 0))
        return [findings, up, rounds, *_times(values)]


def _times(values: _Values) -> Iterable[GaugeMetricFamily]:
    if values.last_success is not None:
        yield GaugeMetricFamily(
            "driftcheck_last_success_timestamp_seconds",
            "When the last round ended in which the check could be made.",
            value=values.last_success,
        )
    if values.seconds is not None:
        yield GaugeMetricFamily(
            "driftcheck_round_duration_seconds", "How long the last round took.", values.seconds
        )
