"""What a command says while it runs: on a terminal, in lines, or nothing."""

import re
import subprocess
import sys

import pytest

from tests.cli.test_terminal import is_tidy, run, screen

CLEAN, FOUND, USAGE = 0, 1, 2
REVISIONS = 3
BOTH = ("stdout", "stderr")
LINE = re.compile(r"[a-z ]+(: revision \d of 3 \(.*\))?, \d+ s")
NOTED = re.compile(r"replaying the history: revision (\d) of 3 \((.*?)\)")
HOSTILE = "[bold]\x1b[31mred"


@pytest.fixture(scope="module")
def slow(sketch):
    """A project of three slow revisions. The last has a name that terminals and rich would obey."""
    project = sketch()
    before = None
    for name in ("first", "second", HOSTILE):
        path = project.revision("next", "import time; time.sleep(0.3)", before)
        text = path.read_text().replace("'next'", repr(name)).replace('"next"', repr(name))
        path.rename(path.with_name(f"file_{name[:3]}.py")).write_text(text)
        before = name
    return project


@pytest.mark.parametrize(
    "command", ["compare --only-gap pending", "history", "blame nothing", "selftest --no-cache"]
)
def test_a_terminal_shows_how_far_the_replay_is(slow, command):
    _, shown, _ = run(slow, command.split(), on=("stderr",), DRIFTCHECK_PROGRESS_DELAY="0.05")
    escaped = HOSTILE.replace("\x1b", "\\x1b")
    assert {*NOTED.findall(shown)} == {("1", "first"), ("2", "second"), ("3", escaped)}
    assert "\x1b[31m" not in shown
    assert re.search(r"━|╸", shown)
    assert is_tidy(shown)
    assert not NOTED.search(screen(shown))


def test_one_line_is_enough_on_a_narrow_terminal(slow):
    quickly = {"DRIFTCHECK_PROGRESS_DELAY": "0.05"}
    _, shown, _ = run(slow, ["history"], columns=30, on=("stderr",), **quickly)
    assert "replaying" in shown
    assert shown.count("\x1b[1A") == 1  # where it is erased
    assert screen(shown) == "\n"


def test_nothing_is_shown_at_first(slow):
    _, shown, _ = run(slow, ["history"], on=("stderr",), DRIFTCHECK_PROGRESS_DELAY="60")
    assert shown == ""


@pytest.mark.parametrize("on", [(), BOTH], ids=["a pipe", "a terminal in CI"])
def test_lines(slow, on):
    variables = {"CI": "true", "DRIFTCHECK_PROGRESS_INTERVAL": "0.1"}
    status, shown, texts = run(slow, ["history", "--verbose"], on=on, **variables)
    written = shown.replace("\r\n", "\n") if on else texts["stderr"]
    lines = [line for line in written.splitlines() if LINE.fullmatch(line)]
    numbers = [match[1] for line in lines if (match := NOTED.match(line))]
    assert status == CLEAN
    assert {*numbers} == {"1", "2", "3"}
    assert numbers == sorted(numbers)
    if not on:
        assert written.splitlines() == lines
        assert "first" in texts["stdout"]


@pytest.mark.parametrize("on", [(), BOTH], ids=["a pipe", "a terminal in CI"])
def test_without_verbose_there_are_no_lines(slow, on):
    variables = {"CI": "true", "DRIFTCHECK_PROGRESS_INTERVAL": "0.1"}
    _, shown, texts = run(slow, ["history"], on=on, **variables)
    assert "replaying" not in shown + texts["stderr"]
    assert is_tidy(shown)


@pytest.mark.parametrize("value", ["soon", "0", "-1", "nan", "inf"])
def test_a_wrong_variable(slow, value):
    result = slow.run("history", "--verbose", DRIFTCHECK_PROGRESS_INTERVAL=value)
    assert result.status == USAGE
    assert f"DRIFTCHECK_PROGRESS_INTERVAL is '{value}'" in result.stderr


STEPS = """
from pathlib import Path
from driftcheck.actions.compare.check import check
from driftcheck.actions.gate import gate
from driftcheck.actions.selftest import selftest
from driftcheck.actions.simulate import SimulationOptions, simulate
from driftcheck.config.settings import load_settings

settings = load_settings(Path.cwd(), {"base": "base", "cache": False})
told = []  # not printed at once: stdout is captured while the project's code runs
check(settings, told.append)
simulate(settings, SimulationOptions(every=True), told.append)
selftest(settings, 200, 0, told.append)
gate(settings, told.append)
Path("migrations/versions/c.py").unlink()
gate(load_settings(Path.cwd(), {"base": "full", "cache": False}), told.append)
print(*told, sep="\\n")
"""


@pytest.fixture(scope="module")
def steps(sketch):
    """The steps that several actions report about one project."""
    project = sketch()
    columns = 'Column("id", Integer, primary_key=True)'
    project.models("\n".join(f'Table("{name}", metadata, {columns})' for name in "abc"))
    for name, before in (("a", None), ("b", "a"), ("c", "b")):
        create = f'op.create_table("{name}", sa.Column("id", sa.Integer(), primary_key=True))'
        project.revision(name, create, before)
        if name == "a":
            git(project, "init -b base", "add migrations", "commit -m one", "checkout -b full")
    project.upgrade()
    only_in_base = project.revision("z", "", "b")
    git(project, "add migrations", "commit -m all")
    only_in_base.unlink()
    done = subprocess.run(
        [sys.executable, "-c", STEPS], cwd=project.root, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def git(project, *commands):
    who = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
    for command in commands:
        subprocess.run(["git", *who, *command.split()], cwd=project.root, check=True)


@pytest.mark.parametrize(
    "step",
    [
        "reading the live database",
        "replaying the history: revision 3 of 3 (c)",
        "creating the models: statement 2 of 3",
        "simulating the upgrade: simulation 2 of 4",
        "running the mutations: mutation 1 of ",
        "building the base's schema (a)",
        "running the new revisions: revision 2 of 2 (c)",
    ],
)
def test_what_every_action_counts(steps, step):
    assert [line for line in steps if line.startswith(step)]


def test_revisions_that_only_the_base_has_are_not_counted(steps):
    assert {f"building the base's schema ({name})" for name in "abcz"} <= {*steps}
