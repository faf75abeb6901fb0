"""Measures driftcheck on a private PostgreSQL server, and prints tables in Markdown.

docs/performance.md says what is measured, and has the tables of one run.
"""

from __future__ import annotations

import argparse
import compileall
import os
import platform
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import driftcheck
from benchmarks.bench import Bench
from benchmarks.comparing import compare, drift
from benchmarks.fleet import fleet
from benchmarks.growth import growth
from benchmarks.guard import guard
from benchmarks.histories import gate, history
from benchmarks.reading import reading
from driftcheck.databases.shadow_choice import choose

BENCHMARKS: Mapping[str, Callable[[Bench], None]] = {
    "compare": compare,
    "drift": drift,
    "gate": gate,
    "guard": guard,
    "history": history,
    "reading": reading,
    "growth": growth,
    "fleet": fleet,
}


def main() -> None:
    """Run the benchmarks that the command line names; all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", choices=BENCHMARKS, action="append", help="Run this one. May be repeated."
    )
    parser.add_argument(
        "--tables", type=int, nargs="+", default=[100, 1000], help="The sizes of the projects."
    )
    parser.add_argument("--rounds", type=int, default=3, help="How many pairs of commands to run.")
    parser.add_argument("--large", action="store_true", help="Also run the sizes that take long.")
    arguments = parser.parse_args()
    # As pip does when it installs a package. Python may be told not to write what it compiles.
    compileall.compile_dir(Path(driftcheck.__file__).parent, quiet=1)
    with tempfile.TemporaryDirectory() as directory, choose(None) as maker:
        bench = Bench(
            Path(directory), maker, arguments.tables, arguments.rounds, large=arguments.large
        )
        print(f"{_machine()}; {maker.how}; medians of {bench.rounds} pairs (smallest to largest)")
        for name in arguments.only or BENCHMARKS:
            BENCHMARKS[name](bench)


def _machine() -> str:
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{platform.system()}, {os.cpu_count()} processors, {python}"


if __name__ == "__main__":
    main()
