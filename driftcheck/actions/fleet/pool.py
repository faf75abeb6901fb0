"""Runs the readings of a fleet on an executor, with limits in all and for each host."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass

from driftcheck.actions.fleet.reading import Outcome, ReadFailure, ReadJob, read_member
from driftcheck.errors import ConfigurationError

_SILENT_SECONDS = 10.0


@dataclass(frozen=True)
class Limits:
    """How many members are read at the same time.

    Attributes:
        in_all: The limit in all.
        per_host: The limit for each host.
    """

    in_all: int
    per_host: int


def read_members(
    jobs: Sequence[ReadJob],
    executor: Executor,
    limits: Limits,
    require_workers: Callable[[], None] = lambda: None,
) -> Iterator[Outcome]:
    """Read members, and yield each outcome as soon as it is known.

    Never more jobs than the limit are submitted, so that the executor has no long queue.

    Args:
        jobs: The members.
        executor: Where the members are read.
        limits: How many members are read at the same time.
        require_workers: Called whenever no outcome has come for a while. Raises an error if the
            executor cannot work any more.
    """
    waiting: dict[str, deque[ReadJob]] = {}
    for job in jobs:
        waiting.setdefault(_host_of(job), deque()).append(job)
    running: dict[Future[Outcome], tuple[str, str]] = {}
    hosts: Counter[str] = Counter()
    while waiting or running:
        for host, job in _startable(waiting, hosts, limits, len(running)):
            running[executor.submit(read_member, job)] = host, job.member
        done, _ = wait(running, timeout=_SILENT_SECONDS, return_when=FIRST_COMPLETED)
        if not done:
            require_workers()
        for future in done:
            host, member = running.pop(future)
            hosts[host] -= 1
            yield _outcome(future, member)


def _startable(
    waiting: dict[str, deque[ReadJob]], hosts: Counter[str], limits: Limits, running: int
) -> Iterator[tuple[str, ReadJob]]:
    """Take the jobs that can be started now, from one host after another."""
    has_started = True
    while has_started:
        has_started = False
        for host in list(waiting):
            if running >= limits.in_all:
                return
            if hosts[host] < limits.per_host:
                hosts[host] += 1
                running += 1
                has_started = True
                yield host, waiting[host].popleft()
                if not waiting[host]:
                    del waiting[host]


def _host_of(job: ReadJob) -> str:
    """Return the server of a member; empty if only the process that reads it knows the URL."""
    try:
        url = job.url.resolve()
    except ConfigurationError:
        return ""
    return f"{url.host or url.query.get('host') or ''}:{url.port or url.query.get('port') or ''}"


def _outcome(future: Future[Outcome], member: str) -> Outcome:
    try:
        return future.result()
    except Exception as error:  # noqa: BLE001  (each executor has its own errors: a worker was killed)
        reason = f"the worker that read the database failed: {type(error).__name__}"
        return ReadFailure(member, reason, "Run the command again with --resume.")
