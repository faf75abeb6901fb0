"""Times a quick ``driftcheck compare`` against ``alembic check``, and reading against its floor."""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.project import write_project
from benchmarks.reading import time_reading
from driftcheck.databases.shadow_choice import choose

_TABLES = 1000
_REVISIONS = 20
_ROUNDS = 7


def main() -> None:
    """Build a large project on a private PostgreSQL server, and time both commands on it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--tables", type=int, default=_TABLES)
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory, choose(None) as maker:
        database = maker.make("bench").url
        url = database.render_as_string(hide_password=False)
        project = Path(directory) / "project"
        write_project(project, url, tables=arguments.tables, revisions=_REVISIONS)
        # A cache of its own, so that the benchmark finds and leaves nothing.
        environment = {
            **os.environ,
            "DRIFTCHECK_DATABASE_URL": url,
            "DRIFTCHECK_CACHE_DIR": f"{directory}/cache",
            "PYTHONPATH": str(project),
        }
        alembic = [sys.executable, "-m", "alembic"]
        driftcheck = [sys.executable, "-m", "driftcheck", "compare"]
        _run([*alembic, "upgrade", "head"], project, environment)
        _run([*driftcheck, "--only-gap", "drift"], project, environment)  # replays the history
        print(f"{arguments.tables} tables of 12 columns, history already replayed, in turn:\n")
        _compare(
            ("alembic check", [*alembic, "check"]),
            ("driftcheck compare --only-gap drift", [*driftcheck, "--only-gap", "drift"]),
            project,
            environment,
            arguments.rounds,
        )
        time_reading(database, tables=arguments.tables, rounds=arguments.rounds)


def _compare(
    slow: tuple[str, Sequence[str]],
    fast: tuple[str, Sequence[str]],
    project: Path,
    environment: dict[str, str],
    rounds: int,
) -> None:
    """Time two commands in turn, so that the machine's moods strike both."""
    pairs = [
        (_run(slow[1], project, environment), _run(fast[1], project, environment))
        for _ in range(rounds)
    ]
    for (name, _), seconds in zip((slow, fast), zip(*pairs, strict=True), strict=True):
        print(
            f"  {name:<36} median {statistics.median(seconds):6.2f} s  best {min(seconds):6.2f} s"
        )
    ratios = sorted(one / other for one, other in pairs)
    median = statistics.median(ratios)
    print(f"\n  {median:.1f} times as fast (pair by pair {ratios[0]:.1f} to {ratios[-1]:.1f})")


def _run(command: Sequence[str], project: Path, environment: dict[str, str]) -> float:
    """Seconds of a whole process, which must exit with 0."""
    begin = time.perf_counter()
    done = subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"{' '.join(command)} exits with {done.returncode}:\n{done.stdout}{done.stderr}")
    return seconds


if __name__ == "__main__":
    main()
