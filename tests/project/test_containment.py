"""What user code may do to this process, and what is left of it."""

# ruff: noqa: PT012, S102, T201  (these tests play user code)

import io
import logging
import logging.config
import os
import signal
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

from driftcheck.errors import ConfigurationError, ProjectError
from driftcheck.project.containment import contained, location_of_failure


def test_the_surroundings_come_back(tmp_path):
    before = (Path.cwd(), sys.argv, sys.stdout, sys.stderr, sys.stdin, warnings.filters[:])
    handlers, logger = logging.root.handlers[:], logging.getLogger("driftcheck.tests")
    handler = signal.getsignal(signal.SIGTERM)
    with contained("a test", root=tmp_path, command="flask db upgrade"):
        assert Path.cwd() == tmp_path
        assert sys.argv == ["flask", "db", "upgrade"]
        os.chdir("/")
        sys.stdout = io.TextIOWrapper(sys.stdout.buffer)
        sys.argv.append("more")
        warnings.simplefilter("ignore")
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        logging.config.dictConfig(
            {
                "version": 1,
                "disable_existing_loggers": True,
                "handlers": {
                    "out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}
                },
                "root": {"level": "DEBUG", "handlers": ["out"]},
                "loggers": {"of_its_own": {"handlers": ["out"]}},
            }
        )
        logging.disable()
    assert (Path.cwd(), sys.argv, sys.stdout, sys.stderr, sys.stdin, warnings.filters[:]) == before
    assert signal.getsignal(signal.SIGTERM) == handler
    assert logging.root.handlers == handlers
    assert logger.isEnabledFor(logging.WARNING)
    assert not logger.disabled
    assert not logging.getLogger("of_its_own").handlers


def test_nothing_that_is_printed_comes_through(tmp_path, capfd):
    kept = []
    for _ in range(2):
        with contained("a test", root=tmp_path):
            print("print")
            print("a message", file=sys.stderr)
            os.write(1, b"a descriptor\n")
            subprocess.run(["echo", "a child"], check=True)
            kept.append(sys.stdout)
            sys.stdout.close()
    with contained("a test", root=tmp_path):
        kept.append(sys.stdout)
    print("later", file=kept[-1], flush=True)
    assert capfd.readouterr() == ("", "")


def test_no_file_is_left_open_at_the_end(tmp_path):
    code = (
        "from pathlib import Path\n"
        "from driftcheck.project.containment import contained\n"
        f"with contained('a test', root=Path({str(tmp_path)!r})):\n"
        "    print('printed')\n"
    )
    command = [sys.executable, "-W", "default::ResourceWarning", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("", "")


def test_what_was_wrapped_around_a_stream_closes_no_later_one(tmp_path):
    with contained("a test", root=tmp_path):
        wrapped = io.TextIOWrapper(sys.stdout.buffer)
    with contained("a test", root=tmp_path):
        wrapped.close()
        print("still open")


def test_an_error_ends_with_what_was_printed_before_it(tmp_path):
    with contained("another", root=tmp_path):
        print("of another time")
    with pytest.raises(ProjectError) as caught, contained("a test", root=tmp_path):
        print("connecting")
        os.write(2, b"no answer\n")
        raise ValueError("first\nsecond")
    assert caught.value.message == "a test failed: ValueError: first"
    assert caught.value.details == "second\nconnecting\nno answer"


@pytest.mark.parametrize(
    ("error", "message", "details"),
    [
        (AssertionError(), "AssertionError", ""),
        (ValueError(""), "ValueError", ""),
        (
            ValueError("1 error for Settings\nsecret_key\n  Field required"),
            "ValueError: 1 error for Settings",
            "secret_key\n  Field required",
        ),
        (ValueError("\n\nlate\n\nlater\n"), "ValueError: late", "later"),
    ],
)
def test_the_message_of_an_error_is_shown_whole(tmp_path, error, message, details):
    with pytest.raises(ProjectError) as caught, contained("a test", root=tmp_path):
        raise error
    assert caught.value.message == f"a test failed: {message}"
    assert caught.value.details == details


def test_a_message_that_is_longer_than_a_screen_loses_its_middle(tmp_path):
    lines = [f"field_{number}" for number in range(500)]
    with pytest.raises(ProjectError) as caught, contained("a test", root=tmp_path):
        raise ValueError("\n".join([*lines, "x" * 10_000]))
    details = caught.value.details.splitlines()
    assert len(details) < 20
    assert details[0] == "field_1"
    assert "…" in details
    assert max(map(len, details)) < 500


def test_exits_and_questions_are_errors(tmp_path):
    with pytest.raises(ProjectError, match=r"sys\.exit\(4\)"), contained("a test", root=tmp_path):
        sys.exit(4)
    with pytest.raises(ProjectError, match="EOFError"), contained("a test", root=tmp_path):
        input("Really? ")


def test_the_only_error_of_a_group_is_told(tmp_path):
    with pytest.raises(ProjectError, match="KeyError: 'a'"), contained("a test", root=tmp_path):
        raise ExceptionGroup("several", [ExceptionGroup("more", [KeyError("a")])])


def test_driftchecks_own_errors_pass_through(tmp_path):
    with pytest.raises(ConfigurationError), contained("a test", root=tmp_path):
        raise ConfigurationError("wrong")


@pytest.mark.parametrize("name", ["migrations/env.py", "{root}/migrations/env.py"])
def test_the_place_is_the_users_own(tmp_path, name):
    code = "def fail():\n\n    raise LookupError\n"
    theirs, library = {}, {}
    exec(compile(code, name.format(root=tmp_path), "exec"), theirs)
    inner = f"{tmp_path}/.venv/lib/site-packages/library.py"
    exec(compile("def call(f):\n    f()\n", inner, "exec"), library)
    with pytest.raises(LookupError) as caught:
        library["call"](theirs["fail"])
    assert location_of_failure(caught.value, tmp_path) == "migrations/env.py, line 3"
    with pytest.raises(TypeError) as caught:
        library["call"](None)
    assert location_of_failure(caught.value, tmp_path) == ""
