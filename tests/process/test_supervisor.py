"""What a command leaves when it ends without stopping its servers."""

import signal
import subprocess
import threading
import time

import pytest

from driftcheck.process import state, supervisor


@pytest.fixture
def shared(monkeypatch):
    """The state of a command that runs in this process."""
    monkeypatch.setattr(state, "_state", None)
    memory = state.ProcessState()
    state.share(memory)
    return memory


@pytest.mark.parametrize("exit_code", [None, 143])
@pytest.mark.parametrize("seconds", [0, 0.2])
def test_a_server_that_was_not_stopped_is_asked_to_shut_down(
    shared, tmp_path, capfd, exit_code, seconds
):
    """It may have been started just before the end, so that it has no PID file yet."""
    pid_file = tmp_path / "postmaster.pid"
    state.note_server(pid_file, runs=True)
    if exit_code is not None:
        state.note_exit_code(exit_code)
    with subprocess.Popen(["sleep", "60"]) as server:
        writer = threading.Timer(seconds, pid_file.write_text, [f"{server.pid}\n{tmp_path}\n"])
        writer.start()
        supervisor._exit_code(9, shared)
        writer.join()
        assert server.wait(5) == -signal.SIGINT


def test_a_server_that_never_starts_is_not_waited_for_long(shared, tmp_path, monkeypatch, capfd):
    monkeypatch.setattr(supervisor, "_SECONDS_TO_START", 0.1)
    for number in range(3):
        state.note_server(tmp_path / str(number), runs=True)
    begun = time.monotonic()
    supervisor._exit_code(9, shared)
    assert time.monotonic() - begun < 1
