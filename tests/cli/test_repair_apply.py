"""``driftcheck repair --apply``: what it refuses, what it asks, and how it may be ended."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from contextlib import closing

import pytest

from driftcheck.databases.connection import connect
from tests.cli.test_live_untouched import state
from tests.kept import variables

DRIFT = """
CREATE TABLE "it's ""odd""; -- DROP" (id integer);
CREATE INDEX "a\nb" ON students (id);
INSERT INTO students VALUES (1), (2);
"""
COLUMN = "INSERT INTO students VALUES (1); ALTER TABLE students ADD age integer"
UNCHANGED = "othing was changed in the live database"
QUESTION = b"? [y/N] "


@pytest.fixture
def pg_school(pg_school, pg18):
    """Let its runs make their shadows on the server of the tests, and start none."""
    pg_school.project.variables = variables(pg18)
    return pg_school


@pytest.fixture
def repair():
    """Run the command."""

    def run(project, *options):
        return project.run("repair", "--apply", "--yes", *options)

    return run


@pytest.fixture
def drifted(pg_school):
    pg_school.project.by_hand(COLUMN)
    return pg_school.project


def is_repaired(project):
    return project.compare("--only-gap", "drift").findings == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--apply"], ["there is no terminal", "--yes"]),
        (["--yes"], ["--yes has no effect without --apply"]),
        (["--allow", "data-loss"], ["--allow has no effect without --apply"]),
        (["--lock-timeout", "1"], ["--lock-timeout has no effect without --apply"]),
        (["--apply", "--yes", "--allow", "lock"], ["'lock' is not 'data-loss'"]),
        (["--apply", "--yes", "--lock-timeout", "0.0001"], ["is not in the range"]),
        (["--apply", "--yes", "--lock-timeout", "inf"], ["is not in the range"]),
    ],
)
def test_options_that_do_not_fit(school, refused, arguments, words):
    done = school.run("repair", *arguments)
    if "--yes" in arguments and "--apply" in arguments:  # click says it
        assert done.status == 2
        assert words[0] in done.stderr
    else:
        refused(done, 2, *words)


def test_data_is_not_lost_by_surprise(drifted, repair):
    before = state(drifted.live)
    done = repair(drifted)
    assert done.status == 2
    assert "statements with the hazard data loss" in done.stderr
    assert "ALTER TABLE public.students DROP COLUMN age;" in done.stderr
    assert "--allow data-loss" in done.stderr
    assert state(drifted.live) == before

    done = repair(drifted, "--allow", "data-loss")
    assert done.status == 0, done.stderr
    assert "ran 1 statement in one transaction" in done.stderr
    assert is_repaired(drifted)
    assert drifted.live.execute("SELECT id FROM students") == [(1,)]

    done = repair(drifted)
    assert done.status == 0
    assert "There is nothing to repair." in done.stdout


def test_steps_by_hand_are_left_and_the_next_run_ends_the_repair(pg_school, repair):
    project = pg_school.project
    project.revision("0002", 'op.add_column("students", sa.Column("a", sa.Text()))', "0001")
    project.revision("0003", "op.execute('ALTER TABLE students ALTER a SET NOT NULL')", "0002")
    project.upgrade()
    project.by_hand("INSERT INTO students VALUES (1, 'x'); ALTER TABLE students DROP a; ANALYZE")
    done = repair(project)
    assert done.status == 1, done.stderr
    assert "left to do by hand: Set column public.students.a" in done.stderr
    assert project.live.execute("SELECT id, a FROM students") == [(1, None)]

    project.by_hand("UPDATE students SET a = 'x'")
    assert repair(project).status == 0
    assert project.compare("--only-gap", "drift").findings == []
    assert project.live.execute("SELECT id, a FROM students") == [(1, "x")]


def test_a_plan_that_is_not_proved(drifted, pg_school):
    before = state(drifted.live)
    options = ["--apply", "--yes", "--allow", "data-loss", "--shadow", pg_school.shadow]
    done = drifted.run("repair", *options)
    assert done.status == 3
    assert "is not proved, so it is not run" in done.stderr
    assert "a server that others use" in done.stderr
    assert state(drifted.live) == before


def test_hostile_names(pg_school, repair):
    project = pg_school.project
    project.by_hand(DRIFT)
    done = repair(project, "--allow", "data-loss")
    assert done.status == 0, done.stderr
    assert is_repaired(project)
    assert project.live.execute("SELECT id FROM students ORDER BY 1") == [(1,), (2,)]


def test_a_part_of_the_drift(pg_school, repair):
    project = pg_school.project
    project.by_hand("CREATE INDEX one ON students (id); CREATE INDEX two ON students (id)")
    done = repair(project, "--only", "public.one")
    assert done.status == 1, done.stderr
    assert "not everything was repaired" in done.stderr
    names = project.live.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'students'")
    assert sorted(names) == [("students_pkey",), ("two",)]


def asked(project, answer, typed_before=b""):
    """Answer the question on a terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "driftcheck", "repair", "--apply"],
        cwd=project.root,
        env={**os.environ, "TERM": "xterm"},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed_before)
    shown, end = b"", time.monotonic() + 90
    while QUESTION not in shown and time.monotonic() < end:
        if select.select([ours], [], [], 0.1)[0]:
            shown += os.read(ours, 65536)
    os.write(ours, answer)
    stdout, _ = process.communicate(timeout=60)
    os.close(ours)
    return process.returncode, stdout.decode(), shown.decode()


def test_the_answer_decides(pg_school):
    project = pg_school.project
    project.by_hand("CREATE INDEX extra ON students (id)")
    status, plan, question = asked(project, b"n\n", typed_before=b"y\n")
    assert status == 1
    assert "DROP INDEX public.extra" in plan
    assert "Run 1 statement on postgresql://" in question
    assert not is_repaired(project)
    status, _, _ = asked(project, b"y\n")
    assert status == 0
    assert is_repaired(project)


@pytest.fixture
def waiting(pg_school):
    """A repair that waits for a lock in the middle of its transaction."""
    project = pg_school.project
    project.by_hand("CREATE TABLE first (id integer); CREATE INDEX extra ON students (id)")
    options = ("--apply", "--yes", "--allow", "data-loss", "--lock-timeout", "60")
    with closing(connect(project.live.url)) as other:
        other.cursor().execute("SELECT * FROM students")
        with project.start("repair", *options) as process:
            query = "SELECT pid FROM pg_locks WHERE NOT granted AND relation = 'students'::regclass"
            end = time.monotonic() + 90
            while not (found := project.live.execute(query)):
                assert process.poll() is None, process.communicate()
                assert time.monotonic() < end
                time.sleep(0.05)
            yield project, process, found[0][0]


def sessions_of(project, pid):
    return project.live.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_a_repair_that_is_ended(waiting, number):
    project, process, pid = waiting
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    if number != signal.SIGKILL:
        assert process.returncode == 128 + number
        assert UNCHANGED in stderr
    end = time.monotonic() + 10
    while sessions_of(project, pid):  # the server notices, and releases its locks
        assert time.monotonic() < end
        time.sleep(0.05)
    assert project.compare("--only-gap", "drift").findings == [
        ("drift-index-extra", "public.extra"),
        ("drift-table-extra", "public.first"),
    ]


def test_a_session_that_is_terminated(waiting):
    project, process, pid = waiting
    project.live.execute("SELECT pg_terminate_backend(%s)", pid)
    _, stderr = process.communicate(timeout=30)
    assert process.returncode == 3
    assert UNCHANGED in stderr
    assert "was lost" in stderr
    assert len(project.compare("--only-gap", "drift").findings) == 2
