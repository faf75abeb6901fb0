"""On a real terminal: the same report as in a pipe, and nothing left of what showed progress."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

import pytest

FOUND, CANNOT_CHECK = 1, 3
SLOW = "import slowly\n"  # once for a process
TERMINAL = {"TERM": "xterm", "NO_COLOR": "1", "CI": "", "DRIFTCHECK_PROGRESS_DELAY": "0.3"}
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_VARIES = re.compile(r"in \d+(\.\d+)? (s|ms)\b|\d+\.\d+ s\b|replay: \w+")


class Terminal:
    """A pseudo-terminal, and all that was written to it."""

    def __init__(self, columns):
        self._ours, self.theirs = pty.openpty()
        fcntl.ioctl(self.theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.written = b""

    def read(self, process):
        """Read until the process has ended and everything is read."""
        os.close(self.theirs)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            ready, _, _ = select.select([self._ours], [], [], 0.1)
            try:
                chunk = os.read(self._ours, 65536) if ready else b""
            except OSError:  # so it ends on Linux
                break
            self.written += chunk
            if not ready and process.poll() is not None:
                break
        os.close(self._ours)
        return self.written.decode()


def run(project, arguments, *, columns=80, on=("stdout", "stderr"), **variables):
    """Run a command with some of its streams on one terminal, and the others in files.

    Returns:
        Its exit code, what the terminal got, and what each file got.
    """
    terminal = Terminal(columns)
    files = {name: (project.root / f"{name}.txt").open("w+") for name in ("stdout", "stderr")}
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    process = subprocess.Popen(
        [sys.executable, "-m", "driftcheck", *arguments],
        cwd=project.root,
        env={**environment, **TERMINAL, **variables},
        stdin=subprocess.DEVNULL,
        **{name: terminal.theirs if name in on else file for name, file in files.items()},
    )
    shown = terminal.read(process)
    status = process.wait(timeout=60)
    texts = {}
    for name, file in files.items():
        file.seek(0)
        texts[name] = file.read()
        file.close()
    return status, shown, texts


def screen(shown):
    """What a terminal shows in the end: escapes obeyed, as far as driftcheck writes them."""
    lines, row = [""], 0
    for part in re.findall(r"\x1b\[[0-9;?]*[A-Za-z]|\r\n|\r|\n|[^\x1b\r\n]+", shown):
        if part in ("\r\n", "\n"):
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part == "\x1b[1A":
            row -= 1
        elif not part.startswith("\x1b") and part != "\r":
            lines[row] += part
    return "\n".join(lines).rstrip("\n") + "\n"


def is_tidy(shown):
    """Whether the cursor is shown again where it was hidden."""
    return shown.rfind("\x1b[?25h") >= shown.rfind("\x1b[?25l")


def without_what_varies(text):
    return _VARIES.sub("", text)


@pytest.fixture(scope="module")
def slow(sketch):
    """A project whose env.py takes longer than the delay of progress, with drift."""
    project = sketch()
    project.models('Table("students", metadata, Column("id", Integer, primary_key=True))')
    project.revision(
        "0001", 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    project.by_hand("CREATE TABLE more (id integer)")
    (project.root / "fleet.toml").write_text('[databases.live]\nurl = "sqlite:///live.db"\n')
    env = project.root / "migrations" / "env.py"
    (project.root / "slowly.py").write_text("import time\ntime.sleep(0.7)\n")
    env.write_text(SLOW + "import sys; sys.stdout = sys.stderr = None\n" + env.read_text())
    return project


@pytest.fixture(scope="module")
def plain(slow):
    """What each command says in a pipe, each asked once."""
    said = {}

    def ask(command):
        if command not in said:
            said[command] = slow.run(*command.split(), NO_COLOR="1")
        return said[command]

    return ask


BOTH = ("stdout", "stderr")


@pytest.mark.parametrize(
    ("on", "columns"),
    [(("stdout",), 80), (("stderr",), 80), (("stderr",), 120), (BOTH, 80), (BOTH, 120)],
    ids=["stdout 80", "stderr 80", "stderr 120", "both 80", "both 120"],
)
def test_a_slow_project(slow, plain, on, columns):
    expected = plain("compare")
    status, shown, texts = run(slow, ["compare"], columns=columns, on=on)
    assert status == expected.status == FOUND
    assert ("the project" in shown) is ("stderr" in on)
    report = screen(shown) if "stdout" in on else texts["stdout"]
    assert is_tidy(shown)
    assert _ESCAPES.sub("", report) == report
    if columns == 80 or "stdout" not in on:
        assert without_what_varies(report) == without_what_varies(expected.stdout)
    else:
        assert "drift-table-extra" in report
    if "stderr" not in on:
        assert texts["stderr"] == ""
    elif "stdout" not in on:
        assert screen(shown) == "\n"


COMMANDS = [
    "simulate-colleague",
    "locate",
    "blame more",
    "history",
    "diff sqlite:///live.db sqlite:///live.db",
    "snapshot --write base.json",
    "selftest",
    "gate --base main",
    "fleet fleet.toml",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command(slow, plain, command):
    if command.startswith("gate") and not (slow.root / ".git").exists():
        for arguments in ("init -b main", "add migrations", "commit -m one"):
            who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
            subprocess.run(["git", *who, *arguments.split()], cwd=slow.root, check=True)
    expected = plain(command)
    status, shown, _ = run(slow, command.split())
    assert status == expected.status
    assert is_tidy(shown)
    assert (
        without_what_varies(screen(shown)).strip()
        == without_what_varies((expected.stdout + expected.stderr).replace("\t", " ")).strip()
    )


def test_the_demo_begins(slow):
    _, shown, _ = run(slow, ["demo", "--help"])
    assert "Run the tutorial's failure and its fix." in shown


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("raise ValueError('broken')", "running env.py failed: ValueError: broken"),
        ("import os; os._exit(0)", "os._exit(0) while running env.py"),
        ("import os; os.kill(os.getpid(), 9)", "ended by the signal SIGKILL"),
        ("import os; os.closerange(0, 64); raise ValueError('broken')", "ValueError: broken"),
    ],
)
def test_an_error_is_told_once_and_nothing_is_left(slow, lines, words):
    env = slow.root / "migrations" / "env.py"
    text = env.read_text()
    env.write_text(f"{SLOW}{lines}\n{text}")
    try:
        status, shown, texts = run(slow, ["compare"], on=("stderr",))
    finally:
        env.write_text(text)
    assert (status, texts["stdout"]) == (CANNOT_CHECK, "")
    assert "the project" in shown  # progress was there
    seen = screen(shown)
    assert seen.count(words) == 1
    assert seen.startswith("driftcheck: ")
    assert is_tidy(shown)
