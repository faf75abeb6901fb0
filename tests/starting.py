"""Runs driftcheck in forks of a process that has imported all modules already.

Importing SQLAlchemy, Alembic and driftcheck takes longer than most test runs of driftcheck. Tests
of the process itself, its streams or its imports start a new interpreter instead. Database drivers
other than psycopg2 are not imported here: driftcheck must notice when user code imports them.
"""

from __future__ import annotations

import gc
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

_IMPORTED = (
    "driftcheck.actions.adopt",
    "driftcheck.actions.compare.check",
    "driftcheck.actions.compare.quick_check",
    "driftcheck.actions.timeline.blame",
    "driftcheck.actions.diff",
    "driftcheck.actions.fleet",
    "driftcheck.actions.gate",
    "driftcheck.actions.timeline.history",
    "driftcheck.actions.locate",
    "driftcheck.actions.selftest",
    "driftcheck.actions.simulate",
    "driftcheck.cli.compare",
    "driftcheck.databases.postgresql.database",
    "driftcheck.databases.postgresql.psycopg2_deadlines",
    "driftcheck.databases.postgresql.shadow.choice",
    "driftcheck.databases.sqlite.database",
    "driftcheck.databases.sqlite.shadow",
    "driftcheck.reports.json",
    "driftcheck.reports.terminal",
    "deepdiff",
    "alembic.autogenerate",
    "alembic.command",
    "alembic.config",
    "flask.cli",
    "flask_migrate",
    "flask_sqlalchemy",
    "psycopg2.extras",
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.dialects.sqlite",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
)
_TIMEOUT_SECONDS = 300


class Starter:
    """The process that waits, and the way to it."""

    def __init__(self):
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(_TIMEOUT_SECONDS)
        with closing(theirs):
            self._process = subprocess.Popen(
                [sys.executable, __file__, str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )

    def run(self, module, arguments, directory, environment, script=None, *, merged=False):
        """Run a module as ``python -m`` does, or the script installed for it.

        Returns:
            Its exit code, and what it wrote to each stream; with ``merged``, to both in its order,
            and nothing.
        """
        place = [str(script), str(Path(script).parent)] if script else [module, str(directory)]
        asked = [module, place, list(arguments), str(directory), environment]
        asked = json.dumps(asked).encode()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            head = len(asked).to_bytes(4, "big")
            streams = [out.fileno(), (out if merged else err).fileno()]
            socket.send_fds(self._socket, [head], streams)
            self._socket.sendall(asked)
            answer = self._socket.recv(4)
            assert len(answer) == len(head), "the process that starts the others has ended"
            status = int.from_bytes(answer, "big", signed=True)
            texts = []
            for stream in (out, err):
                stream.seek(0)
                texts.append(stream.read().decode())
        return status, *texts

    def stop(self):
        """End it, and whatever still runs there."""
        self._socket.close()
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def _serve(connection):
    """Fork for each request; returns in the fork, with what it is to run."""
    while True:
        head, streams, _, _ = socket.recv_fds(connection, 4, 2)
        if not head:
            sys.exit()
        asked = b""
        while len(asked) < int.from_bytes(head, "big"):
            asked += connection.recv(65536)
        pid = os.fork()
        if not pid:
            connection.close()
            return json.loads(asked), streams
        for stream in streams:
            os.close(stream)
        _, status = os.waitpid(pid, 0)
        connection.sendall(os.waitstatus_to_exitcode(status).to_bytes(4, "big", signed=True))


def _become(place, arguments, directory, environment, streams):
    """Make of this process what a new one would be."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    if server := os.environ.pop(kept.VARIABLE, None):
        kept.use(server)
    for module in ("tests", "tests.kept"):  # a new process has imported nothing of a project
        del sys.modules[module]
    for ours, standard in zip(streams, (1, 2), strict=True):
        os.dup2(ours, standard)
        os.close(ours)
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(  # noqa: SIM115
        2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False
    )
    program, sys.path[0] = place
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.argv = [program, *arguments]


if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).parent.parent)
    from tests import kept

    for name in _IMPORTED:
        __import__(name)
    gc.freeze()  # forks need not look through what is imported here
    with socket.socket(fileno=int(sys.argv[1])) as connection:
        (module, *asked), streams = _serve(connection)
    _become(*asked, streams)
    runpy.run_module(module, run_name="__main__")
