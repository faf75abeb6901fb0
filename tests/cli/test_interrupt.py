"""A run that is ended early: its shadows go with it or with the next one, and live stays."""

import signal
import time

import pytest

SLEEPS = """
import pathlib, time
op.create_table("schools", sa.Column("id", sa.Integer()))
pathlib.Path({started!r}).touch()
time.sleep(60)
"""
ASKS = """
import pathlib
pathlib.Path({started!r}).touch()
op.execute("SELECT pg_sleep(4)")
"""


def start(pg_school, tmp_path, lines):
    """Start a run, and wait until it is in the middle of the history."""
    started = tmp_path / "started"
    pg_school.project.revision("0002", lines.format(started=str(started)), "0001")
    process = pg_school.project.start("compare", "--shadow", pg_school.shadow)
    deadline = time.monotonic() + 60
    while not started.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return process


@pytest.mark.parametrize(
    ("number", "lines"),
    [(signal.SIGINT, SLEEPS), (signal.SIGINT, ASKS), (signal.SIGTERM, SLEEPS)],
    ids=["SIGINT in Python", "SIGINT in the server", "SIGTERM in Python"],
)
def test_an_interrupted_run_drops_its_shadows(pg_school, tmp_path, number, lines):
    before = pg_school.on_server()
    with start(pg_school, tmp_path, lines) as process:
        assert pg_school.on_server() != before
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stdout == ""
    assert stderr.strip() == "driftcheck: interrupted; the shadow databases were dropped"
    assert pg_school.on_server() == before


def test_what_a_killed_run_left_is_dropped_by_the_next(pg_school, tmp_path):
    before = pg_school.on_server()
    with start(pg_school, tmp_path, SLEEPS) as process:
        process.kill()
        process.communicate()
    assert pg_school.on_server() != before
    pg_school.project.revision("0002", "", "0001")
    assert pg_school.project.compare("--shadow", pg_school.shadow).status == 0
    assert pg_school.on_server() == before
