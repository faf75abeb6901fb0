"""However the project's code ends the process or treats its streams: exit code, report, message."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from driftcheck.storage.processes import is_running as _is_running

FOUND, USAGE, CANNOT_CHECK, INTERRUPTED, NOBODY_READS = 1, 2, 3, 130, 141
COMPARE = ("compare", "--format", "json", "--no-cache", "--only-gap", "drift")


def first_in_env(project, lines):
    """Have the project's env.py begin with these lines."""
    env = project.root / "migrations" / "env.py"
    env.write_text(f"{lines}\n{env.read_text()}")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("os._exit(0)", "os._exit(0)"),
        ("os._exit(1)", "os._exit(1)"),
        ("os._exit(77)", "os._exit(77)"),
        ("os.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
        ("os.kill(os.getpid(), signal.SIGABRT)", "SIGABRT"),
        ("os.kill(os.getpid(), signal.SIGUSR1)", "SIGUSR1"),
        ("resource.setrlimit(resource.RLIMIT_CORE, (0, 0)); ctypes.string_at(0)", "SIGSEGV"),
        ("threading.Thread(target=os._exit, args=[0]).start(); time.sleep(60)", "os._exit(0)"),
        ("os.fork() and os._exit(0)", "os._exit(0)"),
        ("os.closerange(3, 256); os._exit(0)", "os._exit(0)"),
    ],
)
def test_code_that_ends_the_process(school, lines, words):
    imports = "import ctypes, os, resource, signal, threading, time"
    first_in_env(school, f"{imports}\n{lines}")
    result = school.run(*COMPARE)
    assert (result.status, result.stdout) == (CANNOT_CHECK, "")
    first, *_ = result.stderr.splitlines()
    assert words in first
    assert first.startswith("driftcheck: the ")
    assert "while running env.py" in first
    assert "Traceback" not in result.stderr


def test_a_migration_that_ends_the_process_is_named(school):
    school.revision("0002", "import os; os._exit(0)", "0001")
    result = school.run(*COMPARE)
    assert (result.status, result.stdout) == (CANNOT_CHECK, "")
    assert "os._exit(0) while replaying the history (revision 0002)" in result.stderr


def test_a_private_server_is_stopped_when_the_process_is_ended(pg_school):
    pg_school.project.revision(
        "0002",
        "import os; print(op.get_bind().exec_driver_sql('SHOW data_directory').scalar(), "
        "file=open('place', 'w')); os._exit(0)",
        "0001",
    )
    assert pg_school.project.run(*COMPARE).status == CANNOT_CHECK
    pid_file = Path((pg_school.project.root / "place").read_text().strip()) / "postmaster.pid"
    deadline = time.monotonic() + 30
    while pid_file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise SystemExit(0)", "sys.exit(0)"),
        ("raise MemoryError", "MemoryError"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("raise BrokenPipeError('none')", "BrokenPipeError"),
        ("raise EOFError", "EOFError"),
        ("raise StopIteration", "StopIteration"),
        ("f = lambda: f()\nf()", "RecursionError"),
        ("class Own(BaseException): __str__ = lambda self: 1 / 0\nraise Own", "Own"),
    ],
)
def test_what_code_raises_is_an_error_of_the_project(school, lines, words):
    first_in_env(school, lines)
    result = school.run(*COMPARE)
    assert (result.status, result.stdout) == (CANNOT_CHECK, "")
    assert f"running env.py failed: {words}" in result.stderr.replace("the code called ", "")
    assert "The failure is in migrations/env.py, line" in result.stderr


TAKEOVERS = [
    "os.close(1)",
    "os.close(2)",
    "os.closerange(0, 3)",
    "os.closerange(3, 256)",
    "os.closerange(0, 256); [os.open(os.devnull, os.O_RDWR) for _ in range(64)]",
    "os.dup2(os.open('taken', os.O_CREAT | os.O_WRONLY), 1); print('noise', flush=True)",
    "sys.stdout.close(); sys.stderr.close()",
    "sys.__stdout__.close(); sys.__stderr__.close(); sys.__stdin__.close()",
    "sys.stdout = sys.stderr = sys.__stdout__ = sys.__stderr__ = None",
    "del sys.__stdout__, sys.__stderr__",
    "sys.stdout = io.TextIOWrapper(sys.stdout.detach(), write_through=True); print('noise')",
    "sys.stdout = codecs.getwriter('utf-8')(sys.stdout.buffer); print('noise')",
    "sys.stdout = open('taken', 'w'); print('noise')",
    "sys.__stdout__.write('noise'); os.write(1, b'noise'); os.write(2, b'noise')",
    "logging.basicConfig(stream=sys.__stderr__, level=0, force=True); logging.error('noise')",
    "atexit.register(lambda: (print('noise'), os.write(1, b'noise'), os.write(2, b'noise')))",
    "threading.Thread(target=chatter, daemon=True).start()",
    "os.fork() or sys.exit(0)",
    "sys.argv[:] = ['--debug']; os.chdir('/'); sys.excepthook = None",
    "sys.settrace(lambda *_: None); sys.setrecursionlimit(200)",
]
IMPORTS = """\
import atexit, codecs, io, logging, os, sys, threading, time
def chatter():
    while True:
        print("noise", flush=True)
        print("noise", file=sys.stderr, flush=True)
        os.write(1, b"noise")
        time.sleep(0.001)
"""


@pytest.fixture(scope="module")
def drifted(sketch):
    project = sketch()
    project.revision("0001", 'op.create_table("students", sa.Column("id", sa.Integer()))')
    project.upgrade()
    project.by_hand("ALTER TABLE students ADD age integer")
    return project, (project.root / "migrations" / "env.py").read_text()


@pytest.mark.parametrize("lines", TAKEOVERS)
def test_whatever_becomes_of_the_streams_the_report_arrives(drifted, lines):
    project, env = drifted
    (project.root / "migrations" / "env.py").write_text(f"{IMPORTS}\n{lines}\n{env}")
    result = project.run(*COMPARE)
    assert (result.status, result.stderr) == (FOUND, "")
    assert ("drift-column-extra", "students.age") in result.findings
    failing = project.run(*COMPARE, "--bootstrap", "something")
    assert (failing.status, failing.stdout) == (USAGE, "")
    assert failing.stderr.startswith("driftcheck: the setting bootstrap has the unknown form")


def through_a_shell(project, command, **variables):
    """Run a line of a shell in the project; DRIFTCHECK is ``python -m driftcheck``."""
    return subprocess.run(
        ["bash", "-c", command.replace("DRIFTCHECK", f"{sys.executable} -m driftcheck")],
        cwd=project.root,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("command", "status"),
    [
        ("DRIFTCHECK --version <&-", 0),
        ("DRIFTCHECK --version >&-", CANNOT_CHECK),
        ("DRIFTCHECK --help 2>&-", CANNOT_CHECK),
        ("DRIFTCHECK compare <&- >&- 2>&-", CANNOT_CHECK),
        ("DRIFTCHECK compare --nothing >&- 2>&-", CANNOT_CHECK),
        ("DRIFTCHECK compare --nothing", USAGE),
        ("DRIFTCHECK compare --nothing 2>/dev/full", USAGE),
        ("DRIFTCHECK --help >/dev/full", CANNOT_CHECK),
        ("DRIFTCHECK --version >/dev/full 2>/dev/full", CANNOT_CHECK),
        ("DRIFTCHECK compare --help | true; exit ${PIPESTATUS[0]}", NOBODY_READS),
        ("set -m; (DRIFTCHECK compare --nothing 2>&3) 3> >(true)", USAGE),
        (
            "DRIFTCHECK diff sqlite:///live.db sqlite:///none.db <&- >report.txt",
            CANNOT_CHECK,
        ),
        ("DRIFTCHECK compare --only-gap drift <&- | grep students.age; exit $PIPESTATUS", FOUND),
        ("DRIFTCHECK compare -o /dev/full", CANNOT_CHECK),
        ("PYTHONPATH=broken DRIFTCHECK compare", CANNOT_CHECK),
        ("PYTHONIOENCODING=ascii DRIFTCHECK --help", 0),
    ],
)
def test_streams_that_cannot_be_written(drifted, command, status):
    project, env = drifted
    (project.root / "migrations" / "env.py").write_text(env)
    (project.root / "broken").mkdir(exist_ok=True)
    (project.root / "broken" / "click.py").write_text("raise RuntimeError('broken')")
    done = through_a_shell(project, command)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr


def test_an_exception_that_nobody_catches_is_told_as_a_fault(drifted):
    """It stands for every bug: a module that driftcheck needs is replaced by one that fails."""
    project, _ = drifted
    fault = project.root / "fault"
    fault.mkdir()
    (fault / "sitecustomize.py").write_text(
        "import driftcheck.config.settings\n"
        "def load_settings(*_): raise ZeroDivisionError('by nothing')\n"
        "driftcheck.config.settings.load_settings = load_settings\n"
    )
    for options, shown in (((), False), (("--debug",), True)):
        result = project.run_anew("compare", *options, PYTHONPATH=str(fault))
        assert (result.status, result.stdout) == (CANNOT_CHECK, "")
        assert "driftcheck: internal error: ZeroDivisionError: by nothing" in result.stderr
        assert "--debug" in result.stderr
        assert ("Traceback" in result.stderr) is shown


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, INTERRUPTED), (signal.SIGHUP, 128 + signal.SIGHUP)]
)
def test_a_signal_to_the_process_reaches_the_command(school, number, status):
    first_in_env(school, "import time; open('started', 'w'); time.sleep(60)")
    with school.start("compare") as process:
        while not (school.root / "started").exists():
            time.sleep(0.02)
        process.send_signal(number)
        process.communicate(timeout=30)
    assert process.returncode == status


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells")
def test_a_process_that_has_ended_and_is_not_waited_for_does_not_run():
    with subprocess.Popen(["true"], stdin=subprocess.PIPE) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert not _is_running(process.pid)
    assert _is_running(os.getpid())


def test_a_killed_supervisor_takes_the_command_along(school):
    first_in_env(
        school,
        "import os, time; print(os.getpid(), file=open('started', 'w'), flush=True)\n"
        "time.sleep(60)",
    )
    started = school.root / "started"
    with school.start("compare") as process:
        while not (started.exists() and started.read_text()):
            time.sleep(0.02)
        pid = int(started.read_text())
        assert pid != process.pid
        process.kill()
        process.communicate(timeout=30)  # until nobody holds its streams
    deadline = time.monotonic() + 10
    while _is_running(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_names_in_other_scripts_on_a_stream_of_ascii(sketch):
    project = sketch()
    project.revision("0001", 'op.create_table("δοκιμή", sa.Column("id", sa.Integer()))')
    project.upgrade()
    project.by_hand('ALTER TABLE "δοκιμή" ADD "é😀" integer')
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    for encoding in (ascii_only, {"LC_ALL": "C"}):
        plain = project.run_anew("compare", "--only-gap", "drift", **encoding)
        assert (plain.status, plain.stderr) == (FOUND, "")
    told = json.loads(project.run_anew(*COMPARE, **ascii_only).stdout)
    addresses = [one["address"] for one in told["databases"][0]["findings"]]
    assert '"δοκιμή"."é😀"' in addresses
    failing = project.run_anew("compare", "-c", "nîrgends.ini", **ascii_only)
    assert failing.status == USAGE
    assert "nirgends" in failing.stderr.replace("\\xee", "i").replace("î", "i")
