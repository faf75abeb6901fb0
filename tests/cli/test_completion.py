"""Shells complete commands, options and values, without an import of SQLAlchemy."""

import os
import shutil
import subprocess
import sys

import pytest

from driftcheck.cli.commands import COMPLETION

COMPLETED = """\
eval "$(_DRIFTCHECK_COMPLETE=bash_source driftcheck)"
COMP_WORDS=({words})
COMP_CWORD={number}
_driftcheck_completion driftcheck
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    """A directory with the program driftcheck, as an installation has it."""
    directory = tmp_path_factory.mktemp("bin")
    script = directory / "driftcheck"
    script.write_text(f"#!{sys.executable}\nfrom driftcheck.cli import main\n\nmain()\n")
    script.chmod(0o755)
    return directory


@pytest.fixture
def completed(program, tmp_path):
    """Complete a line in bash, as its user would by the tabulator."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("bash is not installed")

    def complete(line):
        words = ["driftcheck", *line]
        quoted = " ".join(f"'{word}'" for word in words)
        done = subprocess.run(
            [bash, "-c", COMPLETED.format(words=quoted, number=len(words) - 1)],
            env=os.environ | {"PATH": f"{program}{os.pathsep}{os.environ['PATH']}"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stderr == ""
        return done.stdout.split()

    return complete


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (["comp"], ["compare"]),
        (["compare", "--form"], ["--format"]),
        (["compare", "--format", "j"], ["json", "junit"]),
        (["compare", "--only-gap", ""], ["pending", "unapplied", "drift"]),
        (["gate", "--fail-on", "drift,unapp"], ["drift,unapplied"]),
        (["compare", "--shadow", "s"], ["same-server"]),
        (["guard-"], []),
    ],
)
def test_words(completed, line, words):
    assert completed(line) == words


def test_the_script_of_each_shell(program):
    for shell in ("bash", "zsh", "fish"):
        done = subprocess.run(
            [program / "driftcheck"],
            env=os.environ | {COMPLETION: f"{shell}_source"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert f"{COMPLETION}={shell}_complete" in done.stdout


def test_nothing_slow_is_imported():
    """The module of every command is imported for the list of commands."""
    code = (
        "import sys; from driftcheck.cli.commands import cli; import click; "
        "[cli.get_command(click.Context(cli), name) for name in cli.list_commands(None)]; "
        "print([name for name in ('sqlalchemy', 'alembic', 'flask') "
        "if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
