"""``driftcheck compare``, warm: of all gaps, and of drift only."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import replace
from itertools import islice
from typing import Any

from benchmarks.bench import Bench, Site, text_of
from benchmarks.measuring import in_turn, median, ratio
from benchmarks.project import drift_statements
from benchmarks.reading import catalog_queries
from benchmarks.tables import PAIR_HEADER, Table, seconds
from driftcheck.databases.connection import connect

_FINDINGS = (0, 1, 20, 200)


def compare(bench: Bench) -> None:
    """Time ``compare`` against ``alembic check``, in step and with findings."""
    note = (
        "Warm: the history is cached. Half of the findings are drift by hand, half are changes of "
        "the models. `alembic check` sees the latter only."
    )
    table = Table("compare, against alembic check", note, PAIR_HEADER)
    for tables in bench.tables:
        site = bench.upgraded(tables)
        drift, made = drift_statements(tables, tables), 0
        for findings in (count for count in _FINDINGS if count <= tables):
            by_hand = (findings + 1) // 2
            site.execute(islice(drift, by_hand - made))
            site.project.declare_added(findings - by_hand)
            made = by_hand
            site.driftcheck("compare").run()
            pairs = in_turn(site.alembic("check"), site.driftcheck("compare"), bench.rounds)
            name = f"{findings} finding{'s' * (findings != 1)}" if findings else "in step"
            table.pairs(f"{tables} tables, {name}", pairs)


def drift(bench: Bench) -> None:
    """Time the quick check against ``alembic check``, and against its floor."""
    note = (
        "Warm, in step: `driftcheck compare --only-gap drift -d URL`. The floor is an interpreter "
        "that imports the driver, sends the same queries and throws the rows away. The last two "
        "columns count the client and the server."
    )
    header = (*PAIR_HEADER, "floor", "ratio to the floor")
    table = Table("compare --only-gap drift, against alembic check", note, header)
    for tables in bench.tables:
        site = bench.upgraded(tables)
        quick = site.driftcheck("compare", "--only-gap", "drift", "-d", text_of(site.url))
        quick = replace(quick, postmaster=site.postmaster())
        quick.run()
        pairs = in_turn(site.alembic("check"), quick, bench.rounds)
        floors = in_turn(_floor(site), quick, bench.rounds)
        first, second = zip(*pairs, strict=True)
        bare = [each for each, _ in floors]
        table.row(
            f"{tables} tables",
            seconds(median(first, "cpu")),
            seconds(median(second, "cpu")),
            ratio(pairs, "cpu"),
            ratio(pairs, "wall"),
            f"{max(spent.memory for spent in second)} MiB",
            seconds(median(bare, "total")),
            ratio(floors, "total"),
        )


def _floor(site: Site) -> Any:
    """Return a command that sends the queries of a reading and does nothing with the rows."""
    file = site.project.directory / "queries.json"
    with closing(connect(site.url)) as connection:
        file.write_text(json.dumps(catalog_queries(connection)))
    dsn = site.url.set(drivername="postgresql").render_as_string(hide_password=False)
    floor = site.python("-m", "benchmarks.floor", dsn, str(file))
    return replace(floor, postmaster=site.postmaster())
