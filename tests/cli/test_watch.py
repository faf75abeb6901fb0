"""A watch as a process: what it tells, what it sends and serves, and how it ends."""

import hashlib
import hmac
import json
import re
import signal
import socket
import threading
import time
import urllib.request
from contextlib import contextmanager
from queue import Empty, Queue

import pytest

from tests.proxy import AT_ONCE, NONE, Fault, Proxy
from tests.receiver import receivers

pytestmark = pytest.mark.soak  # rounds take seconds

CLEAN, USAGE, CANNOT_CHECK = 0, 2, 3
SECRET = "s3cr3t-w0rd"
EXTRA = "CREATE TABLE more (id integer)"
DRIFT = ("--only-gap", "drift")
LONG = 60


class Watching:
    """A running watch.

    Attributes:
        process: Its process.
        state: Its state file.
    """

    def __init__(self, project, *options, **variables):
        self.state = project.root / "state.json"
        arguments = ["--interval", "1s", "--state", str(self.state), *options]
        self.process = project.start("watch", *arguments, **variables)
        self._lines = Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def line(self):
        """The next line, without the time."""
        try:
            return re.sub(r"^[-0-9]{10} [:0-9]{8} ", "", self._lines.get(timeout=LONG))
        except Empty:
            self.process.kill()
            pytest.fail(f"nothing was told: {self.process.stderr.read()}")

    def rounds(self, number):
        """Wait for whole rounds: each replaces the state file, and the first may be under way."""
        for _ in range(number + 1):
            before = self._mark()
            wait_until(lambda before=before: self._mark() != before)

    def _mark(self):
        return self.state.stat().st_mtime_ns if self.state.exists() else 0

    @property
    def is_silent(self):
        return self._lines.empty()

    def stop(self, number=signal.SIGTERM):
        """Send a signal, and return what was written to stderr."""
        self.process.send_signal(number)
        assert self.process.wait(timeout=LONG) == CLEAN
        return self.process.stderr.read()


@contextmanager
def watching(project, *options, **variables):
    one = Watching(project, *options, **variables)
    try:
        yield one
    finally:
        one.process.terminate()  # a watch that is killed leaves the check of its round
        one.process.wait(timeout=LONG)
        one.process.stderr.close()
        one.process.stdout.close()


def wait_until(condition):
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_what_is_new_and_what_is_gone_is_told_once(school):
    school.by_hand(EXTRA)
    with watching(school) as watch:
        assert watch.line().startswith(f"new: {school.live}: table more was created outside")
        school.by_hand("ALTER TABLE students ADD COLUMN age integer")
        line = watch.line()
        assert line.startswith(f"new: {school.live}: column students.age was created outside")
        assert line.endswith("[drift-column-extra]")
        watch.rounds(1)
        assert watch.is_silent
        assert watch.stop() == ""
    school.by_hand("DROP TABLE more")
    with watching(school) as watch:  # a restart does not tell everything again
        assert watch.line().startswith(f"gone: {school.live}: table more was created outside")
        watch.rounds(1)
        assert watch.is_silent
        assert watch.stop(signal.SIGINT) == ""


def test_other_heads_are_told(school):
    with watching(school, "compare", *DRIFT) as watch:
        wait_until(watch.state.exists)
        school.revision("0002", "", "0001")
        heads = "the head of the history was 0001 and is 0002"
        assert watch.line() == f"history: {school.live}: {heads}"


def test_a_server_that_goes_away_and_comes_back(pg_school):
    project, shadow = pg_school.project, ("--shadow", pg_school.shadow)
    down = threading.Event()

    def fault_of(_number):
        return Fault("reset", AT_ONCE) if down.is_set() else NONE

    with (
        Proxy(project.live.url, fault_of) as proxy,
        watching(project, "compare", *DRIFT, *shadow, "-d", proxy.url) as watch,
    ):
        wait_until(watch.state.exists)
        down.set()
        assert re.match("unchecked: .*: cannot connect to postgresql", watch.line())
        watch.rounds(2)
        project.by_hand(EXTRA)
        assert watch.is_silent
        down.clear()
        assert watch.line().endswith(": can be checked again")
        assert "table public.more was created outside" in watch.line()
        assert watch.stop() == ""


def test_a_fleet(school):
    other = school.root / "other.db"
    school.upgrade(url=f"sqlite:///{other}")
    names = {"a": school.live, "b": other}
    lines = [f'[databases.{name}]\nurl = "sqlite:///{path}"' for name, path in names.items()]
    (school.root / "fleet.toml").write_text("\n".join(lines))
    with watching(school, "fleet", "fleet.toml", *DRIFT) as watch:
        wait_until(watch.state.exists)
        other.rename(other.with_suffix(".gone"))
        assert watch.line().startswith("unchecked: b: ")
        school.by_hand(EXTRA)
        assert watch.line().startswith("new: a: table more was created outside")
        other.with_suffix(".gone").rename(other)
        assert watch.line() == "checked: b: can be checked again"


def test_no_password_is_told_or_kept(pg_school, secret):
    url = pg_school.project.live.url.set(host="127.0.0.1", port=free_port(), query={})
    text = url.set(password=secret).render_as_string(hide_password=False)
    with watching(pg_school.project, "-d", text) as watch:
        assert re.match("unchecked: cannot connect to postgresql://", line := watch.line())
        watch.rounds(1)
        assert secret not in line + watch.state.read_text() + watch.stop()


def test_a_signal_in_the_middle_of_a_round(pg_school, tmp_path):
    started = tmp_path / "started"
    lines = f"import pathlib, time; pathlib.Path({str(started)!r}).touch(); time.sleep(60)"
    pg_school.project.revision("0002", lines, "0001")
    before = pg_school.on_server()
    with watching(pg_school.project, "--shadow", pg_school.shadow) as watch:
        wait_until(started.exists)
        assert pg_school.on_server() != before
        begun = time.monotonic()
        assert watch.stop() == ""
        assert time.monotonic() - begun < 10
        assert watch.is_silent
    assert pg_school.on_server() == before


def test_messages_and_metrics(school):
    school.by_hand(EXTRA)
    port = free_port()
    options = ("--prometheus", str(port), "--format", "json")
    with receivers() as start:
        target = start(500, 503)
        hook = ("--webhook", target.url)
        with watching(school, *options, *hook, DRIFTCHECK_WEBHOOK_SECRET=SECRET) as watch:
            told = json.loads(watch.line())
            wait_until(lambda: len(target.requests) == 3)
            wait_until(lambda: '"outbox": []' in watch.state.read_text())
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                metrics = answer.read().decode()
            problems = watch.stop()
    assert problems == "driftcheck: 127.0.0.1 does not take a message: the answer is 500\n"
    assert (told["event"], told["finding"]["address"]) == ("new", "more")
    hold_messages(target.requests, told)
    labels = f'database="{school.live}",gap="drift",rule="drift-table-extra"'
    assert f"driftcheck_findings{{{labels}}} 1.0" in metrics
    assert f'driftcheck_database_up{{database="{school.live}"}} 1.0' in metrics
    assert 'driftcheck_rounds_total{result="failed"} 0.0' in metrics
    assert re.search(r"driftcheck_last_success_timestamp_seconds 1\.\d+e\+09", metrics)
    assert re.search(r"driftcheck_round_duration_seconds \d", metrics)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def hold_messages(requests, told):
    """Hold that all requests are attempts of one message, each with a signature of its own."""
    assert len({headers["Idempotency-Key"] for headers, _ in requests}) == 1
    for headers, body in requests:
        assert json.loads(body)["events"] == [told]
        signed = headers["X-Driftcheck-Timestamp"].encode() + b"." + body
        digest = hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert headers["X-Driftcheck-Signature"] == f"sha256={digest}"


def test_the_project_does_not_get_the_secret(school):
    env = school.root / "migrations" / "env.py"
    env.write_text("import os; os.environ['DRIFTCHECK_WEBHOOK_SECRET']\n" + env.read_text())
    with receivers() as start:
        hook = ("--webhook", start().url)
        with watching(school, *hook, DRIFTCHECK_WEBHOOK_SECRET=SECRET) as watch:
            assert "KeyError: 'DRIFTCHECK_WEBHOOK_SECRET'" in watch.line()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--interval soon", ["soon", "5m"]),
        ("--interval 0", ["30s"]),
        ("--prometheus 99999", ["99999"]),
        ("--webhook http://example.com", ["DRIFTCHECK_WEBHOOK_SECRET is not set"]),
        ("--nothing", ["--nothing"]),
        ("compare --output report.txt", ["a watch writes no reports"]),
        ("-o report.txt", ["a watch writes no reports"]),
        ("compare --only-gap all", ["all"]),
        ("history", ["history"]),
        ("-d sqlite:///x.db compare", ["the options of compare must follow the word compare"]),
    ],
)
def test_wrong_use(school, arguments, words):
    result = school.run_anew("watch", *arguments.split())
    assert (result.status, result.stdout) == (USAGE, "")
    assert "Traceback" not in result.stderr
    for word in words:
        assert word in result.stderr


def test_a_port_that_is_taken(school):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        result = school.run_anew("watch", "--prometheus", address)
    assert result.status == CANNOT_CHECK
    assert f"--prometheus cannot listen on {address}: " in result.stderr
