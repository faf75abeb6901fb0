"""Times reading every kind against the bare floor: the same queries, fetched and thrown away."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.catalog import Scope
from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.catalog.session import reading_session
from driftcheck.databases.registry import catalog_for

# For every tenth table, what SQLAlchemy's models cannot say.
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


class _Recorded:
    """A connection whose cursors note the queries that they are given."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.queries: list[str] = []

    def cursor(self) -> Any:
        noted, cursor = self.queries, self._connection.cursor()

        class Cursor:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                cursor.close()

            def __getattr__(self, name: str) -> Any:
                return getattr(cursor, name)

            def execute(self, query: str, *parameters: Any) -> None:
                noted.append(query)
                cursor.execute(query, *parameters)

        return Cursor()


def time_reading(url: URL, *, tables: int, rounds: int) -> None:
    """Read a database and its floor in turn, and print how they compare.

    Args:
        url: The database, with that many tables of the benchmark's project.
        tables: How many.
        rounds: How often.
    """
    connection, catalog = connect(url), catalog_for("postgresql")
    connection.cursor().execute(_MORE.format(tables=tables))
    connection.commit()
    backend = connection.info.backend_pid
    recorded = _Recorded(connection)
    snapshot = catalog.read(recorded, Scope(dependencies=False))
    queries = [query for query in recorded.queries if query.lstrip().startswith("select")]

    def floor() -> None:
        with connection.cursor() as cursor, reading_session(cursor):
            for query in queries:
                cursor.execute(query)
                cursor.fetchall()

    kinds = {address.kind for address in snapshot.objects}
    print(
        f"\nreading {len(snapshot.objects)} objects of {len(kinds)} kinds, {tables} tables and "
        "more, against its queries fetched and thrown away, in turn:\n"
    )
    gc.disable()  # as it is while a catalog is read: that shall favour neither
    pairs = [
        (
            _spent(lambda: catalog.read(connection, Scope(dependencies=False)), backend),
            _spent(floor, backend),
        )
        for _ in range(rounds)
    ]
    gc.enable()
    connection.close()
    for what, place in (("wall", 0), ("CPU of client and server", 1)):
        read, bare = ([pair[side][place] for pair in pairs] for side in (0, 1))
        ratios = sorted(one / other for one, other in zip(read, bare, strict=True))
        print(
            f"  {what:<25} read {statistics.median(read):6.2f} s  "
            f"floor {statistics.median(bare):6.2f} s  ratio {statistics.median(ratios):.2f} "
            f"(pair by pair {ratios[0]:.2f} to {ratios[-1]:.2f})"
        )


def _spent(work: Callable[[], object], backend: int) -> tuple[float, float]:
    """Seconds by the clock, and of the processors: this process and the server's."""
    wall, cpu = time.perf_counter(), time.process_time() + _server_cpu(backend)
    work()
    return (
        time.perf_counter() - wall,
        time.process_time() + _server_cpu(backend) - cpu,
    )


def _server_cpu(backend: int) -> float:
    """What the server's process has used; nothing is known of it where there is no /proc."""
    try:
        fields = (
            Path(f"/proc/{backend}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        )
    except OSError:
        return 0.0
    ticks_a_second = 100  # USER_HZ: the same on every Linux that Python runs on
    return (int(fields[11]) + int(fields[12])) / ticks_a_second
