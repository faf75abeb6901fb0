"""A fleet on a real Dask scheduler with two worker processes, of which one is killed."""

import importlib.util
import json
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager

import pytest

from tests.proxy import AFTER_LOGIN, NONE, Fault, Proxy

pytestmark = pytest.mark.soak  # a scheduler and workers

# It is not imported: that would take a second of each session, also of one without these tests.
if importlib.util.find_spec("distributed") is None:
    pytest.skip("distributed is not installed", allow_module_level=True)
psutil = pytest.importorskip("psutil")  # a dependency of distributed

SECRET = "s3cr3t-w0rd"
_SECONDS = 60


@contextmanager
def running(program, *arguments, **variables):
    """Run a program of Dask until the end of the context."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *map(str, arguments)]
    environment = {**psutil.Process().environ(), **variables}
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def until(condition):
    """Wait for a condition, and return its value."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError(condition)


@pytest.fixture
def scheduler(tmp_path):
    """The address of a scheduler without workers."""
    file = tmp_path / "scheduler.json"
    with running(
        "scheduler", "--host", "127.0.0.1", "--port", 0, "--no-dashboard", "--scheduler-file", file
    ):
        yield until(lambda: file.exists() and json.loads(file.read_text() or "{}").get("address"))


@pytest.fixture
def workers(scheduler):
    """Start workers, which get environment variables."""
    with ExitStack() as stack:

        def start(count, **variables):
            options = (scheduler, "--nthreads", 1, "--no-nanny", "--no-dashboard")
            started = (running("worker", *options, **variables) for _ in range(count))
            return [stack.enter_context(process) for process in started]

        yield start


def test_a_worker_is_killed(fleet, scheduler, workers):
    """The scheduler gives what it was reading to the other worker."""
    for name in ("one", "two", "three"):
        fleet.add(name)
    slow = fleet.add("through the variable")
    with Proxy(slow.url, lambda n: Fault("silence", AFTER_LOGIN) if n == 0 else NONE) as proxy:
        fleet.name("slow", "env:FLEET_SLOW")
        started = workers(2, FLEET_SLOW=proxy.url)
        options = ("--scheduler", scheduler, "--state", str(fleet.state), "--format", "json")
        # Only the workers know the variable. Another member of the cluster is compared.
        run = fleet.project.start("fleet", "fleet.toml", *options)
        assert proxy.faulty.wait(_SECONDS)
        port = int(proxy.url.rpartition(":")[2].partition("/")[0])
        holder = until(lambda: next((w for w in started if _is_connected(w.pid, port)), None))
        holder.kill()
        stdout, stderr = run.communicate(timeout=_SECONDS)
    assert run.returncode == 0, stdout + stderr
    (cluster,) = json.loads(stdout)["clusters"]
    assert len(cluster["members"]) == 5


def _is_connected(pid, port):
    return any(c.raddr and c.raddr.port == port for c in psutil.Process(pid).net_connections())


def test_all_workers_are_gone(fleet, scheduler, workers):
    fleet.add("one")
    with Proxy(fleet.add("two").url, lambda _: Fault("silence", AFTER_LOGIN)) as proxy:
        fleet.name("slow", proxy.url)
        (worker,) = workers(1)
        run = fleet.project.start("fleet", "fleet.toml", "--scheduler", scheduler)
        assert proxy.faulty.wait(_SECONDS)
        worker.kill()
        stdout, stderr = run.communicate(timeout=_SECONDS)
    assert (run.returncode, stdout) == (3, "")
    assert f"the Dask scheduler {scheduler} has no workers" in stderr
    assert "Traceback" not in stderr


def test_no_password_travels(fleet):
    fleet.add("one")
    fleet.name("two", f"postgresql://someone:{SECRET}@127.0.0.1:1/none")
    result = fleet.run("--scheduler", "tcp://127.0.0.1:1")
    assert result.status == 2
    assert "the URL of 'two' contains a password" in result.stderr
    assert SECRET not in result.stderr


def test_no_scheduler(fleet):
    fleet.add("one")
    for address in ("tcp://127.0.0.1:1", "nonsense://a"):
        result = fleet.run("--scheduler", address)
        assert (result.status, result.stdout) == (3, "")
        assert f"the Dask scheduler {address} cannot be reached" in result.stderr
        assert "Traceback" not in result.stderr
