"""A run that is ended early: its shadows go with it or with the next one, and live stays."""

import re
import signal
import time

import pytest

from driftcheck.storage.cache_directory import VARIABLE
from tests.proxy import AFTER_LOGIN, AT_ONCE, NONE, Fault, Proxy

LONGEST = 4
"""Seconds from the signal to the end: 2 are promised, and the machine may be busy."""
STARTED = """
import asyncio, pathlib, signal, sqlite3, threading, time
started = pathlib.Path({started!r})
op.create_table("schools", sa.Column("id", sa.Integer()))
"""
SLEEPS = """
started.touch()
time.sleep(60)
"""
ASKS = """
started.touch()
op.execute("SELECT pg_sleep(60)")
"""
WAITS = """
with sa.create_engine(op.get_bind().engine.url).connect() as other:
    other.execute(sa.text("SELECT pg_advisory_lock(1)"))
    started.touch()
    op.execute("SELECT pg_advisory_lock(1)")
"""
LOOPS = """
started.touch()

async def work():
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, print)
    await asyncio.sleep(60)

asyncio.run(work())
"""
IGNORES = """
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
    assert signal.getsignal(number) == signal.SIG_IGN
signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
signal.set_wakeup_fd(-1)
started.touch()
time.sleep(60)
"""
SWALLOWS = """
threading.Thread(target=time.sleep, args=(60,)).start()
started.touch()
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
"""
COUNTS = """
started.touch()
counting = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
sqlite3.connect(":memory:").execute(counting).fetchall()
"""
DROPPED = "driftcheck: interrupted; the shadow databases were dropped"
LEFT = re.compile(r"driftcheck: interrupted; .* left for the next run to drop: (.*)")


def start(pg_school, tmp_path, lines, *options, **variables):
    """Start a run, and wait until it is in the middle of the history."""
    started = tmp_path / "started"
    pg_school.project.revision(
        "0002", (STARTED + lines).replace("{started!r}", repr(str(started))), "0001"
    )
    process = pg_school.project.start(
        "compare", "--shadow", pg_school.shadow, *options, **variables
    )
    wait_for(started.exists, process)
    return process


def wait_for(condition, process):
    deadline = time.monotonic() + 60
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    time.sleep(0.1)  # it says so before it begins to wait


def end(process, number):
    """Send a signal, and hold the end of the run against what is promised."""
    begun = time.monotonic()
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert time.monotonic() - begun < LONGEST, stderr
    assert process.returncode == 128 + number, stderr
    assert stdout == "", stdout
    return stderr.strip()


@pytest.mark.parametrize(
    ("number", "lines"),
    [
        (signal.SIGINT, SLEEPS),
        (signal.SIGTERM, SLEEPS),
        (signal.SIGHUP, ASKS),
        (signal.SIGINT, WAITS),
        (signal.SIGTERM, LOOPS),
        (signal.SIGINT, IGNORES),
    ],
    ids=["asleep", "terminated", "in the server", "for a lock", "asyncio", "ignored"],
)
def test_an_interrupted_run_drops_its_shadows(pg_school, tmp_path, number, lines):
    before = pg_school.on_server()
    with start(pg_school, tmp_path, lines) as process:
        assert pg_school.on_server() != before
        assert end(process, number) == DROPPED
    assert pg_school.on_server() == before


@pytest.mark.parametrize(
    ("number", "lines"),
    [(signal.SIGTERM, SWALLOWS), (signal.SIGINT, COUNTS)],
    ids=["caught", "in C"],
)
def test_what_cannot_be_dropped_is_named_and_dropped_by_the_next(
    pg_school, tmp_path, number, lines
):
    before = pg_school.on_server()
    with start(pg_school, tmp_path, lines) as process:
        told = LEFT.fullmatch(end(process, number))
    databases, _ = pg_school.on_server()
    left = {name for (name,) in databases} - {name for (name,) in before[0]}
    assert left == set(told[1].split(", "))
    pg_school.project.revision("0002", "", "0001")
    assert pg_school.project.compare("--shadow", pg_school.shadow).status == 0
    assert pg_school.on_server() == before


def test_a_second_signal_makes_it_no_worse(pg_school, tmp_path):
    before = pg_school.on_server()
    with start(pg_school, tmp_path, SLEEPS) as process:
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGINT)
        assert end(process, signal.SIGINT) == DROPPED
    assert pg_school.on_server() == before


@pytest.mark.parametrize("after", [AT_ONCE, AFTER_LOGIN], ids=["connecting", "reading"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_dead_live_database(pg_school, number, after):
    before = pg_school.on_server()
    with (
        Proxy(pg_school.project.live.url, lambda _: Fault("silence", after)) as proxy,
        pg_school.project.start(
            "compare", "-d", proxy.url, "--shadow", pg_school.shadow
        ) as process,
    ):
        wait_for(proxy.faulty.is_set, process)
        assert "interrupted" in end(process, number)
    assert pg_school.on_server() == before


def test_a_dead_shadow_server(pg_school):
    dead = pg_school.project.live.url.set(database="postgres")
    with (
        Proxy(dead, lambda n: Fault("silence", AT_ONCE) if n > 5 else NONE) as proxy,
        pg_school.project.start("compare", "--shadow", proxy.url) as process,
    ):
        wait_for(proxy.faulty.is_set, process)
        assert LEFT.fullmatch(end(process, signal.SIGTERM))
    assert pg_school.project.compare("--shadow", pg_school.shadow).status == 0  # sweeps


def test_the_quick_check(pg_school, tmp_path):
    arguments = ("compare", "--only-gap", "drift", "--shadow", pg_school.shadow, "-d")
    cache = {VARIABLE: str(tmp_path)}
    fault = NONE
    with Proxy(pg_school.project.live.url, lambda _: fault) as proxy:
        assert pg_school.project.run(*arguments, proxy.url, **cache).status == 0
        fault = Fault("silence", AFTER_LOGIN)
        with pg_school.project.start(*arguments, proxy.url, **cache) as process:
            wait_for(proxy.faulty.is_set, process)
            told = end(process, signal.SIGINT)
    assert told == "driftcheck: interrupted; no shadow database had been created"


def test_what_a_killed_run_left_is_dropped_by_the_next(pg_school, tmp_path):
    before = pg_school.on_server()
    with start(pg_school, tmp_path, SLEEPS) as process:
        process.kill()
        process.communicate()
    assert pg_school.on_server() != before
    pg_school.project.revision("0002", "", "0001")
    assert pg_school.project.compare("--shadow", pg_school.shadow).status == 0
    assert pg_school.on_server() == before


def test_a_signal_to_a_fork_of_user_code_is_not_for_the_run(pg_school, tmp_path):
    forks = """
import multiprocessing
child = multiprocessing.get_context("fork").Process(target=time.sleep, args=(60,))
child.start()
child.terminate()
child.join()
assert child.exitcode == -signal.SIGTERM
"""
    pg_school.project.revision("0002", (STARTED + forks).replace("{started!r}", "''"), "0001")
    assert pg_school.project.compare("--shadow", pg_school.shadow).status == 1  # no 130
