"""Reading every kind of object, against the same queries fetched and thrown away."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from psycopg2 import extensions

from benchmarks.bench import Bench, execute
from benchmarks.measuring import TICKS
from benchmarks.tables import Table, seconds
from driftcheck.databases.connection import connect
from driftcheck.databases.reading import Scope, gc_paused
from driftcheck.databases.registry import catalog_for

_SCOPE = Scope(dependencies=False)

# For every tenth table, what SQLAlchemy's models cannot declare.
_MORE = """
create type mood as enum ('sad', 'ok');
create domain points as integer check (value >= 0);
create function touch() returns trigger language plpgsql as 'begin return new; end';
do $$ begin for i in 0 .. {tables} - 1 by 10 loop
  execute format('create view view_%s as select id, name, amount from table_%s where id > %s',
    i, i, i);
  execute format('create materialized view sum_%s as select sum(amount) from table_%s', i, i);
  execute format('create function f_%s(integer) returns integer language sql as %L', i,
    'select $1 + ' || i);
  execute format('create trigger touched before update on table_%s for each row'
    ' execute function touch()', i);
  execute format('create policy own on table_%s using (id > %s)', i, i);
  execute format('create statistics both_%s on name, email from table_%s', i, i);
  execute format('alter table table_%s add check (amount > -%s)', i, i);
  execute format('comment on column table_%s.name is %L', i, 'name of ' || i);
  execute format('create table part_%s (at date, id integer, mood mood, points points)'
    ' partition by range (at)', i);
  execute format('create table part_%s_1 partition of part_%s for values'
    ' from (''2026-01-01'') to (''2026-02-01'')', i, i);
end loop; end $$;
"""


def catalog_queries(connection: Any) -> list[str]:
    """Return the statements with which a schema is read.

    Args:
        connection: A connection to the database.
    """
    sent: list[str] = []

    class Recording(extensions.cursor):
        def execute(self, query: Any, parameters: Any = None) -> None:
            sent.append(query)
            super().execute(query, parameters)

    connection.cursor_factory = Recording
    catalog_for("postgresql").read(connection, _SCOPE)
    connection.cursor_factory = None
    return sent


def reading(bench: Bench) -> None:
    """Time reading a schema with many kinds of objects against its floor."""
    note = (
        "In one process, in turn. The floor sends the same queries, fetches the rows and throws "
        "them away. CPU is that of the client and of the server."
    )
    header = ("", "objects", "kinds", "read, CPU", "floor, CPU", "CPU ratio", "wall ratio")
    table = Table("Reading a catalog, against its queries", note, header)
    for tables in bench.tables:
        site = bench.upgraded(tables)
        execute(site.url, [_MORE.format(tables=tables)])
        with closing(connect(site.url)) as connection:
            table.row(f"{tables} tables", *_measured(connection, bench.rounds))


def _measured(connection: Any, rounds: int) -> list[str]:
    catalog, queries = catalog_for("postgresql"), catalog_queries(connection)
    snapshot = catalog.read(connection, _SCOPE)

    def read() -> None:
        catalog.read(connection, _SCOPE)

    def floor() -> None:
        with connection.cursor() as cursor:
            for query in queries:
                cursor.execute(query)
                if cursor.description is not None:
                    cursor.fetchall()

    backend = connection.info.backend_pid
    with gc_paused():  # as it is while a catalog is read: neither may have an advantage
        pairs = [(_spent(read, backend), _spent(floor, backend)) for _ in range(rounds)]
    walls, cpus = ([(one[at], other[at]) for one, other in pairs] for at in (0, 1))
    return [
        str(len(snapshot.objects)),
        str(len({address.kind for address in snapshot.objects})),
        *(seconds(statistics.median(side)) for side in zip(*cpus, strict=True)),
        *(f"{statistics.median(a / b for a, b in each):.2f}" for each in (cpus, walls)),
    ]


def _spent(work: Callable[[], object], backend: int) -> tuple[float, float]:
    """Return seconds by the clock, and of the processors of this process and of the server's."""
    wall, cpu = time.perf_counter(), time.process_time() + _backend_cpu(backend)
    work()
    return time.perf_counter() - wall, time.process_time() + _backend_cpu(backend) - cpu


def _backend_cpu(backend: int) -> float:
    """Return the seconds that a process of the server has used; 0 without /proc."""
    try:
        text = Path(f"/proc/{backend}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[11:13])) / TICKS
