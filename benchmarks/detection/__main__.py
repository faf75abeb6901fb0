"""Plays the acceptance catalogue to several tools, and prints what each of them sees of it."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from importlib import import_module

from benchmarks.detection.playing import cases_of, play
from benchmarks.detection.table import Heard, table
from benchmarks.detection.tools import TOOLS


def main() -> None:
    """Run each tool in a process of its own; one that is not installed is left out."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection", description=__doc__)
    parser.add_argument("tools", nargs="*", help=f"by default, all: {', '.join(TOOLS)}")
    parser.add_argument("--family", action="append", default=[], help="only this file's cases")
    parser.add_argument("--one-in", type=int, default=1, help="of N cases in a row, play one")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    cases = cases_of(arguments.family, arguments.one_in)
    if arguments.alone:
        print(json.dumps(play(arguments.tools[0], cases)))
        return
    asked = [*(f"--family={each}" for each in arguments.family), f"--one-in={arguments.one_in}"]
    heard = [each for tool in arguments.tools or TOOLS if (each := _hear(tool, asked))]
    print(table(heard, cases))


def _hear(tool: str, options: list[str]) -> Heard | None:
    try:
        module = import_module(f"benchmarks.detection.tools.{tool}")
    except ModuleNotFoundError as missing:
        print(f"{tool} is left out: {missing}", file=sys.stderr)
        return None
    command = [sys.executable, "-m", "benchmarks.detection", "--alone", tool, *options]
    begin = time.monotonic()
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    print(f"{module.NAME}: {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return Heard(module.NAME, module.version(), json.loads(done.stdout))


if __name__ == "__main__":
    main()
