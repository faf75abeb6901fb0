"""Other processes that make shadows, and marks that others have left."""

import dataclasses
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

import driftcheck
from driftcheck.storage.mark import Mark

ROOT = Path(driftcheck.__file__).parent.parent


@pytest.fixture
def python():
    """Start Python code in a process of its own, and wait for its first line."""
    started = []

    @contextmanager
    def start(code, *arguments, **options):
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
        with subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            **options,
        ) as process:
            started.append(process)
            process.first_line = process.stdout.readline().strip()
            yield process
            process.kill()

    yield start
    assert all(process.returncode is not None for process in started)


@pytest.fixture
def dead_pid():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    return process.pid


@pytest.fixture
def mark(dead_pid):
    """The mark of a process that was killed; anything of it can be told otherwise."""

    def make(**told):
        return dataclasses.replace(Mark.new(), **{"pid": dead_pid, **told})

    return make


@pytest.fixture
def yesterday():
    return int(time.time()) - 25 * 60 * 60
