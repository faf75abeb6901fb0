"""``driftcheck fleet``: many databases of one project, and many schemas of one database."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.bench import Bench, Site, text_of
from benchmarks.measuring import Spent, in_turn, median, ratio
from benchmarks.project import TENANT_ENV, creation
from benchmarks.tables import Table

_DATABASES, _DATABASES_LARGE = 20, 500
_TENANTS, _TENANTS_LARGE = 50, 1000
_JOBS = (1, 4, 16)
_WORKERS = 2
_TABLES, _TENANT_TABLES = 50, 20


def fleet(bench: Bench) -> None:
    """Time a fleet against one ``compare`` of drift, warm."""
    note = (
        "Warm, in step. One `driftcheck compare --only-gap drift` is what each database is "
        "compared with. The time of a database is that of the fleet, divided by their number."
    )
    header = (
        *("", "one compare, CPU", "a database, CPU", "CPU ratio"),
        *("a database, wall", "wall ratio", "peak memory"),
    )
    table = Table("fleet, against one compare", note, header)
    _databases(bench, table)
    _tenants(bench, table)


def _databases(bench: Bench, table: Table) -> None:
    number = _DATABASES_LARGE if bench.large else _DATABASES
    site = bench.upgraded(_TABLES)
    urls = [text_of(bench.maker.make("member", site.database).url) for _ in range(number)]
    file = site.project.directory / "databases.toml"
    file.write_text("".join(_members(site.project.directory, urls)))
    for jobs in _JOBS:
        limits = ("--jobs", str(jobs), "--jobs-per-host", str(jobs))
        name = f"{number} databases of {_TABLES} tables, {jobs} connections"
        _row(table, name, number, _pairs(bench, site, (str(file), *limits)))
    if importlib.util.find_spec("distributed") is not None:
        with _scheduler(site.project.directory) as address:
            name = f"{number} databases of {_TABLES} tables, Dask, {_WORKERS} workers"
            _row(table, name, number, _pairs(bench, site, (str(file), "--scheduler", address)))


def _members(directory: Path, urls: Sequence[str]) -> Iterator[str]:
    """Yield the entries of the file of a fleet. The URLs are in files of their own."""
    for number, url in enumerate(urls):
        file = directory / f"url{number}"
        file.write_text(url)
        yield f"[databases.d{number}]\nurl_file = '{file}'\n"


def _tenants(bench: Bench, table: Table) -> None:
    number = _TENANTS_LARGE if bench.large else _TENANTS
    site = bench.written(_TENANT_TABLES, 1, TENANT_ENV)
    for tenant in range(number):
        site.execute(_tenant(f"tenant_{tenant}"))
    options = ("--schemas", "tenant_*", "-x", "tenant={schema}", "-d", text_of(site.url))
    one = ("-x", "tenant=tenant_0", "--schema", "tenant_0")
    name = f"{number} schemas of {_TENANT_TABLES} tables"
    _row(table, name, number, _pairs(bench, site, options, one))


def _tenant(schema: str) -> Iterator[str]:
    yield f"create schema {schema}"
    yield f"set search_path = {schema}"
    yield from creation(_TENANT_TABLES)
    yield (
        "create table alembic_version (version_num varchar(32) not null,"
        " constraint alembic_version_pkc primary key (version_num))"
    )
    yield "insert into alembic_version values ('r0000')"


def _pairs(
    bench: Bench, site: Site, options: Sequence[str], one: Sequence[str] = ()
) -> list[tuple[Spent, Spent]]:
    single = site.driftcheck("compare", "--only-gap", "drift", *one)
    whole = replace(site.driftcheck("fleet", *options), codes=(0,))
    for command in (single, whole):
        command.run()  # fills the cache
    return in_turn(single, whole, bench.rounds)


def _row(table: Table, name: str, number: int, pairs: Sequence[tuple[Spent, Spent]]) -> None:
    """Print a row with the time of one database of the fleet."""
    each = [
        (one, replace(all_, wall=all_.wall / number, cpu=all_.cpu / number)) for one, all_ in pairs
    ]
    first, second = zip(*each, strict=True)
    table.row(
        name,
        f"{median(first, 'cpu') * 1000:.0f} ms",
        f"{median(second, 'cpu') * 1000:.1f} ms",
        ratio(each, "cpu"),
        f"{median(second, 'wall') * 1000:.1f} ms",
        ratio(each, "wall"),
        f"{max(spent.memory for spent in second)} MiB",
    )


@contextmanager
def _scheduler(directory: Path) -> Iterator[str]:
    """Run a Dask scheduler with workers, and yield its address."""
    file = directory / "scheduler.json"
    scheduler = ("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    with ExitStack() as stack:
        stack.enter_context(_running(scheduler))
        while not file.exists() or not file.read_text():
            time.sleep(0.1)
        address = json.loads(file.read_text())["address"]
        for _ in range(_WORKERS):
            stack.enter_context(_running(("worker", address, "--nthreads", "1", "--no-nanny")))
        yield address


@contextmanager
def _running(arguments: Sequence[str]) -> Iterator[None]:
    command = (sys.executable, "-m", "distributed.cli.dask_" + arguments[0], *arguments[1:])
    quiet = subprocess.DEVNULL
    with subprocess.Popen((*command, "--no-dashboard"), stdout=quiet, stderr=quiet) as process:
        try:
            yield
        finally:
            process.terminate()
