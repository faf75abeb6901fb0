"""200 runs by way of networks that fail at random: every run ends, and never with a traceback."""

import random

import pytest

from driftcheck.storage.cache_directory import VARIABLE
from tests.proxy import NONE, Fault, Proxy

pytestmark = pytest.mark.soak

RUNS = 200
PARTS = 8
TIMEOUT = 2
LONGEST = 90
"""Seconds for a run: a dozen calls that each take all of their time, on a busy machine."""
COMMANDS = {
    "compare": ("compare",),
    "quick": ("compare", "--only-gap", "drift"),
    "locate": ("locate",),
    "simulate": ("simulate-colleague",),
}


@pytest.fixture
def project(sketch, pg18):
    """A project in step, whose migrations use the connection in more than one way."""
    project = sketch(pg18)
    project.models('Table("students", metadata, Column("id", Integer, primary_key=True))')
    project.revision(
        "0001", 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.revision(
        "0002",
        'raw = op.get_bind().connection.cursor()\nraw.execute("SELECT generate_series(1, 500)")\n'
        "raw.fetchall()\nraw.close()\n"
        'op.execute("CREATE INDEX by_id ON students (id)")\nop.execute("DROP INDEX by_id")',
        "0001",
    )
    project.upgrade()
    return project


def faults(chance):
    """What becomes of each connection of one run."""
    rate = chance.choice((0.05, 0.2, 1.0))

    def fault_of(number):
        del number
        if chance.random() > rate:
            return NONE
        kind = chance.choice(("silence", "trickle", "reset", "delay"))
        seconds = chance.choice((0.05, 0.5, 1.5))
        return Fault(kind, after=chance.choice((0, 1, 100, 450, 600, 2000, 20000)), seconds=seconds)

    return fault_of


@pytest.mark.parametrize("part", range(PARTS))
def test_every_run_ends(project, pg18, tmp_path, part):
    server = pg18.server.set(database="postgres")
    codes = set()
    for number in range(part, RUNS, PARTS):
        chance = random.Random(number)  # noqa: S311
        name = chance.choice([*COMMANDS])
        through_live = chance.random() < 0.5
        target = project.live.url if through_live else server
        with Proxy(target, faults(chance)) as proxy:
            straight = server.render_as_string(hide_password=False)
            live, shadow = (proxy.url, straight) if through_live else (project.url, proxy.url)
            arguments = (*COMMANDS[name], "-d", live, "--shadow", shadow, "--timeout", str(TIMEOUT))
            with project.start(*arguments, **{VARIABLE: str(tmp_path)}) as process:
                stdout, stderr = process.communicate(timeout=LONGEST)
        told = f"run {number}, {name}, {process.returncode}: {stdout}{stderr}"
        assert process.returncode in (0, 1, 3), told
        assert "Traceback" not in stderr, told
        assert "history-broken" not in stdout, told
        assert (process.returncode == 3) == (stdout == ""), told
        codes.add(process.returncode)
    assert codes >= {0, 3}
