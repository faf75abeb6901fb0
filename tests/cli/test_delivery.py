"""Where the forms of a report go: what cannot be is refused before all the work."""

import click
import pytest

from driftcheck.cli.commands import cli
from driftcheck.cli.delivery import Delivery, Output, _directory
from driftcheck.config.settings import Settings
from driftcheck.errors import ExitCode, OutputError
from driftcheck.judging.report import Coverage, DatabaseReport, Report
from driftcheck.reports import OutputStyle

NOTHING = DatabaseReport("x", "", "sqlite", "3", (), (), (), Coverage({"tables": 1}))
REPORT = Report("school", (NOTHING,))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "migrations").mkdir()
    return tmp_path


@pytest.mark.parametrize("command", ["compare", "diff a b"])
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("--format yaml=a.yaml", "'yaml' is not one of terminal, json"),
        ("--format json --format sarif", "--format json and --format sarif would both be written"),
        ("--format json --format json", "would both be written to the same place"),
        ("--format json --format sarif -o a", "would both be written to the same place"),
        ("--format sarif=nowhere/a.sarif", "the directory 'nowhere' does not exist"),
        ("--format sarif=", "sarif= does not name a file"),
        ("--format sarif=migrations", "'migrations' is a directory"),
        ("--format sarif=a --format junit=./a", "two formats would be written to .*/a"),
        ("--format sarif=a --format json -o ./a", "two formats would be written to .*/a"),
        ("--format sarif=a -o b", "--output cannot be used if every --format names a file"),
    ],
)
def test_what_cannot_be(command, options, words):
    with pytest.raises(click.UsageError, match=words):
        cli.main([*command.split(), *options.split()], standalone_mode=False)


def test_the_form_without_a_file_goes_to_output_or_to_stdout(here, capsys):
    forms = (Output("json"), Output("sarif", here / "a.sarif"))
    assert Delivery.of(forms, None, full=False)(REPORT, Settings(root=here)) is ExitCode.CLEAN
    assert '"exit_code": 0' in capsys.readouterr().out
    Delivery.of(forms, here / "a.json", full=False)(REPORT, Settings(root=here))
    assert capsys.readouterr().out == ""
    assert '"exit_code": 0' in (here / "a.json").read_text()
    assert '"version": "2.1.0"' in (here / "a.sarif").read_text()


def test_a_file_that_cannot_be_written(here):
    deliver = Delivery.of((Output("json", here / "migrations"),), None, full=False)
    with pytest.raises(OutputError, match=r"cannot be written to .*migrations") as caught:
        deliver(REPORT, Settings(root=here))
    assert "--output" in caught.value.hint


def test_files_are_named_from_the_top_of_the_repository(here):
    (here / ".git").write_text("gitdir: elsewhere")
    project = here / "back end" / "school"
    project.mkdir(parents=True)
    assert (_directory(here), _directory(project)) == ("", "back end/school")
    page = OutputStyle(directory=_directory(project))
    assert page.path("models.py") == "back end/school/models.py"
    assert page.path("/elsewhere/models.py") == "/elsewhere/models.py"
    assert OutputStyle().path("models.py") == "models.py"
