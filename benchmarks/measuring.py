"""Runs commands in turn, and measures the time and the memory of whole processes."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICKS = 100
"""USER_HZ, in which /proc counts: the same on every Linux system."""
_MEBIBYTE = 1024  # Linux counts ru_maxrss in KiB


@dataclass(frozen=True)
class Spent:
    """What a command has used.

    Attributes:
        wall: Seconds by the clock.
        cpu: Seconds of the processors, of the command and its child processes. A private server is
            no child process.
        memory: The largest process, in MiB.
        server: Seconds of the processors, of the server of the live database; 0 if not known.
    """

    wall: float
    cpu: float
    memory: int
    server: float = 0.0

    @property
    def total(self) -> float:
        """Seconds of the processors, of the command and of the server."""
        return self.cpu + self.server


@dataclass(frozen=True)
class Command:
    """A command that is measured.

    Attributes:
        arguments: The program and its arguments.
        directory: Where it is run.
        environment: Its environment.
        codes: The exit codes that it may have.
        prepare: Called before each run; not measured.
        postmaster: The process of the live database's server, to measure it too.
    """

    arguments: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    codes: Sequence[int] = (0,)
    prepare: Callable[[], object] = lambda: None
    postmaster: int | None = None

    def run(self) -> Spent:
        """Run the command. Any other exit code ends the benchmark with the command's output."""
        self.prepare()
        before, begin = server_cpu(self.postmaster), time.perf_counter()
        with tempfile.TemporaryFile() as output:
            child = subprocess.Popen(
                self.arguments,
                cwd=self.directory,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            wall = time.perf_counter() - begin
            if child.returncode not in self.codes:
                output.seek(0)
                text = output.read().decode(errors="replace")
                sys.exit(f"{' '.join(self.arguments)} exits with {child.returncode}:\n{text}")
        server = server_cpu(self.postmaster) - before
        return Spent(wall, used.ru_utime + used.ru_stime, used.ru_maxrss // _MEBIBYTE, server)


def server_cpu(postmaster: int | None) -> float:
    """Return the seconds that a PostgreSQL server and its ended backends have used; 0 if unknown.

    Args:
        postmaster: The server's main process.
    """
    try:
        text = Path(f"/proc/{postmaster}/stat").read_text(encoding="ascii")
    except OSError:
        return 0.0
    return sum(map(int, text.rpartition(")")[2].split()[11:15])) / TICKS


def in_turn(first: Command, second: Command, rounds: int) -> list[tuple[Spent, Spent]]:
    """Run two commands in turn, so that other load on the machine affects both.

    Args:
        first: The command that the other one is compared with.
        second: The command that is examined.
        rounds: How many pairs are run.
    """
    return [(first.run(), second.run()) for _ in range(rounds)]


def median(spent: Sequence[Spent], name: str) -> float:
    """Return the median of one measure of several runs."""
    values: list[float] = [getattr(each, name) for each in spent]
    return statistics.median(values)


def ratio(pairs: Sequence[tuple[Spent, Spent]], name: str) -> str:
    """Return the median of the ratios of pairs, with the smallest and the largest."""
    ratios = sorted(getattr(two, name) / getattr(one, name) for one, two in pairs)
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


def difference(pairs: Sequence[tuple[Spent, Spent]], name: str) -> str:
    """Return the median of the differences of pairs, with the smallest and the largest."""
    found = sorted(getattr(two, name) - getattr(one, name) for one, two in pairs)
    return f"{statistics.median(found):.2f} s ({found[0]:.2f} to {found[-1]:.2f})"
