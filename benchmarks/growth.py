"""How the time of each step and the memory grow with the number of tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy.engine import URL

from benchmarks.bench import Bench, Site, execute, text_of
from benchmarks.measuring import Command
from benchmarks.project import creation, drift_statements
from benchmarks.tables import Table, microseconds, seconds

_SMALL, _LARGE = (100, 1000, 5000), (20000,)
_STEPS = ("read", "read second", "compare", "digest", "dump", "load")


def growth(bench: Bench) -> None:
    """Measure reading and comparing at several sizes, and then the whole commands."""
    sizes = (*_SMALL, *(_LARGE if bench.large else ()))
    _steps(bench, sizes)
    _projects(bench)


def _steps(bench: Bench, sizes: tuple[int, ...]) -> None:
    note = (
        "CPU of the client for each object. `diff` is the whole command on two databases, of which "
        "one has a finding for every fourth table."
    )
    header = ("", "objects", *_STEPS, "memory", "diff, CPU", "findings", "diff, memory")
    table = Table("Growth of reading and comparing", note, header)
    for tables in sizes:
        first, second = (bench.maker.make(f"growth_{tables}_{side}").url for side in (1, 2))
        for url in (first, second):
            execute(url, creation(tables))
        execute(second, islice(drift_statements(tables, tables), tables // 4))
        measured = _measured(first, second)
        arguments = [sys.executable, "-m", "driftcheck", "diff", text_of(first), text_of(second)]
        used = Command(arguments, bench.directory, os.environ, codes=(1,)).run()
        table.row(
            f"{tables} tables",
            str(measured["objects"]),
            *(microseconds(measured["spent"][name] / measured["objects"]) for name in _STEPS),
            f"{measured['memory']} MiB",
            seconds(used.cpu),
            str(tables // 4),
            f"{used.memory} MiB",
        )


def _measured(first: URL, second: URL) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.steps", text_of(first), text_of(second)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _projects(bench: Bench) -> None:
    note = (
        "CPU of the client for each table, of whole commands. Fresh: with a replay of the history. "
        "Cached: the models are created again if driftcheck does not have them."
    )
    header = ("", "pending, fresh", "pending, cached", "drift, cached", "in step, cached", "memory")
    table = Table("Growth of a check of a project", note, header)
    for tables in (*bench.tables, *((5000,) if bench.large else ())):
        site = bench.upgraded(tables)
        commands = [*_checks(site)]
        used = [command.run() for command in commands]
        each = (f"{spent.cpu / tables * 1000:.2f} ms" for spent in used)
        table.row(f"{tables} tables", *each, f"{max(s.memory for s in used)} MiB")


def _checks(site: Site) -> Iterator[Command]:
    pending = site.driftcheck("compare", "--only-gap", "pending")
    yield replace(pending, prepare=site.forget)
    yield pending
    # The first one is not measured: it caches what the quick check needs.
    drift = site.driftcheck("compare", "--only-gap", "drift", "-d", text_of(site.url))
    yield replace(drift, prepare=drift.run)
    whole = site.driftcheck("compare")
    yield replace(whole, prepare=whole.run)
