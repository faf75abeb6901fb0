"""``driftcheck gate``, and what a history costs: fresh, cached, and with one more revision."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from functools import partial

from benchmarks.bench import Bench, Site
from benchmarks.measuring import in_turn
from benchmarks.project import SET_DEFAULT
from benchmarks.tables import PAIR_HEADER, Table

_LONG, _LONGER = 100, 500


def gate(bench: Bench) -> None:
    """Time ``gate`` with one new revision against ``alembic check``."""
    note = (
        "The new revision adds a column. First: it has never been run. Again: the same branch is "
        "checked a second time. Without a cache: everything is done from the beginning, as in CI."
    )
    table = Table("gate with one new revision, against alembic check", note, PAIR_HEADER)
    for tables in bench.tables:
        site = bench.upgraded(tables)
        _git(site, "init", "--quiet", "--initial-branch=main")
        check, gate = site.alembic("check"), site.driftcheck("gate", "--base", "main")
        _new_branch(site)
        gate.run()  # fills the cache
        # alembic check needs a database at the head of the branch
        check = replace(check, prepare=site.alembic("upgrade", "head").run)
        first = replace(gate, prepare=partial(_new_branch, site))
        table.pairs(f"{tables} tables, first", in_turn(check, first, bench.rounds))
        table.pairs(f"{tables} tables, again", in_turn(check, gate, bench.rounds))
        cold = replace(gate, prepare=site.forget)
        table.pairs(f"{tables} tables, without a cache", in_turn(check, cold, bench.rounds))


def history(bench: Bench) -> None:
    """Time a fresh replay and a replay of one more revision against a cached one."""
    revisions = _LONGER if bench.large else _LONG
    note = (
        f"`driftcheck compare --only-gap pending` of {revisions} revisions with 100 tables. Here "
        "the cached history is what the others are compared with."
    )
    header = ("", "cached", "this", *PAIR_HEADER[3:])
    table = Table("A history: fresh, and with one more revision", note, header)
    site = bench.upgraded(100, revisions)
    cached = site.driftcheck("compare", "--only-gap", "pending")
    cached.run()

    def one_more() -> None:
        site.project.add(*SET_DEFAULT)

    more = replace(cached, prepare=one_more)
    table.pairs("one more revision", in_turn(cached, more, bench.rounds))
    fresh = replace(cached, prepare=site.forget)
    table.pairs("fresh", in_turn(cached, fresh, bench.rounds))


def _new_branch(site: Site) -> None:
    """Commit everything to the base, and write one more revision."""
    _git(site, "add", "models.py", "alembic.ini", "migrations")
    _git(site, "commit", "--quiet", "--message=base")
    site.project.add_column()


def _git(site: Site, *arguments: str) -> None:
    identity = ("-c", "user.name=bench", "-c", "user.email=bench@example.com")
    command = ("git", *identity, *arguments)
    subprocess.run(command, cwd=site.project.directory, check=True)
