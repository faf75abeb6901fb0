"""The library: its names, its calls, its errors, and the examples of docs/library.md."""

import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

import driftcheck
from driftcheck.process import child, streams

PAGE = Path(driftcheck.__file__).parent.parent / "docs" / "library.md"
EXAMPLES = dict(re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE.read_text(), re.DOTALL))
TABLE = 'op.create_table("students", sa.Column("id", sa.Integer, primary_key=True))'
MODELS = 'Table("students", metadata, Column("id", Integer, primary_key=True){more})\n'
PASSWORD = "geheim-4711"


@pytest.fixture
def project(sketch):
    """A project that is in step with its database, in a git repository."""
    one = sketch()
    path = one.revision("a", TABLE)
    path.write_text(path.read_text() + '\n\ndef downgrade():\n    op.drop_table("students")\n')
    one.models(MODELS.format(more=""))
    one.upgrade()
    return one


def run(project, example, **variables):
    """Run an example of the page in the project, as its reader would."""
    (project.root / example).write_text(EXAMPLES[example])
    command = ["-m", "pytest", "-q"] if example.startswith("test_") else []
    return subprocess.run(
        [sys.executable, *command, example],
        cwd=project.root,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def git(project, *arguments):
    configuration = ["-c", "user.name=a", "-c", "user.email=a@example.org"]
    subprocess.run(["git", *configuration, *arguments], cwd=project.root, check=True)


def test_the_import_is_light():
    """The guard imports the package in each run of Alembic."""
    code = "import sys; before = {*sys.modules}; import driftcheck; print({*sys.modules} - before)"
    printed = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True
    ).stdout
    assert printed == b"{'driftcheck'}\n"


def test_the_library_does_not_import_sqlalchemy():
    code = "import sys, driftcheck; driftcheck.Report; print('sqlalchemy' in sys.modules)"
    printed = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, check=True
    ).stdout
    assert printed == b"False\n"


def test_the_names():
    assert {*driftcheck.__all__} <= {*dir(driftcheck)}
    assert all(getattr(driftcheck, name) for name in driftcheck.__all__)
    with pytest.raises(AttributeError, match="no attribute 'chek'"):
        _ = driftcheck.chek


def test_every_public_name_is_on_the_page():
    text = PAGE.read_text()
    elsewhere = {"Gap", "Side", "Severity", "Verdict", "Remedy"}  # the types of attributes
    elsewhere |= {"ConfigurationError", "ProjectNotFoundError", "SeveralDatabasesError"}
    assert [name for name in driftcheck.__all__ if name not in text and name not in elsewhere] == []


def test_a_test_in_a_suite(project):
    assert run(project, "test_schema.py").returncode == 0
    project.models(MODELS.format(more=', Column("born", Date)'))
    failed = run(project, "test_schema.py")
    assert "pending-column-missing" in failed.stdout
    assert failed.returncode == 1


def test_the_start_of_an_app(project):
    assert run(project, "serve.py").stdout == "serving\n"
    project.by_hand("ALTER TABLE students ADD born date")
    refused = run(project, "serve.py")
    assert "drift-column-extra: column" in refused.stderr
    assert refused.returncode == 1
    unreachable = f"sqlite:///{project.root}/gone/live.db"
    serving = run(project, "serve.py", DRIFTCHECK_DATABASE_URL=unreachable)
    assert "the schema was not checked" in serving.stderr
    assert serving.stdout == "serving\n"


def test_a_nightly_job(project):
    project.by_hand("ALTER TABLE students ADD born date")
    done = run(project, "nightly.py")
    assert "column students.born was created outside the migrations" in done.stdout
    assert "    repair: " in done.stdout
    assert done.returncode == driftcheck.ExitCode.FOUND
    assert '"rule": "drift-column-extra"' in (project.root / "drift.json").read_text()


def test_a_script_for_a_release(project):
    git(project, "init", "--quiet")
    git(project, "commit", "--quiet", "--allow-empty", "--message", "first")
    git(project, "tag", "released")
    done = run(project, "release.py")
    assert "the history builds from an empty database: yes\n" in done.stdout
    assert done.returncode == 0, done.stderr
    project.models(MODELS.format(more=', Column("born", Date)'))
    done = run(project, "release.py")
    assert "no pending changes: NO\n" in done.stdout
    assert "pending-column-missing" in done.stderr


def test_two_databases(project, sketch):
    other = sketch()
    other.by_hand("CREATE TABLE rooms (id integer)")
    both = {"PRODUCTION": project.url, "STAGING": other.url}
    done = run(project, "staging.py", **both)
    assert "difference-table-extra: table rooms " in done.stdout
    assert done.returncode == driftcheck.ExitCode.FOUND


def test_a_report_is_that_of_the_command_line(project):
    project.by_hand("ALTER TABLE students ADD born date")
    project.compare()  # the history is cached for both
    report = driftcheck.check(root=project.root, gaps=("drift",))
    command = project.run("compare", "--only-gap", "drift", "--format", "json")
    assert driftcheck.render(report, "json") == command.stdout
    assert [finding.rule for finding in report.failing] == ["drift-column-extra"]
    assert not report.ok


def test_what_is_ignored(project):
    project.by_hand("ALTER TABLE students ADD born date")
    (project.root / "pyproject.toml").write_text(
        '[[tool.driftcheck.ignore]]\nrule = "drift-*"\naddress = "*"\nreason = "Known."\n'
    )
    report = driftcheck.check(root=project.root)
    assert report.ok
    assert [each.reason for each in report.ignored] == ["Known."]


def test_a_url_of_sqlalchemy(project):
    """Its text is without the password, which is needed."""
    url = make_url(f"postgresql://u:{PASSWORD}@127.0.0.1:1/x")
    with pytest.raises(driftcheck.ConnectionFailedError) as caught:
        driftcheck.diff(url, url)
    error = caught.value
    assert "cannot connect to postgresql://u@127.0.0.1:1/x" in error.message
    assert PASSWORD not in error.message + error.hint + error.details


def test_no_password_is_in_a_report(project):
    """The command line masks its output; a report is no text yet."""
    project.revision("b", f"raise ValueError('postgresql://u:{PASSWORD}@host/x')", after="a")
    report = driftcheck.check(root=project.root)
    (broken,) = (each for each in report.findings if each.rule == "history-broken")
    assert "postgresql://u:***@host/x" in broken.details
    assert PASSWORD not in repr(report)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"root": "gone"}, "ConfigurationError", "the directory gone does not exist"),
        ({"gaps": ["unknown"]}, "ConfigurationError", "gaps must be"),
        ({"fail_on": "drift-of-continents"}, "ConfigurationError", "which is not a rule"),
        ({"config": "gone.ini"}, "UsageError", "gone.ini"),
    ],
)
def test_an_error(options, error, message, tmp_path):
    with pytest.raises(driftcheck.DriftcheckError, match=re.escape(message)) as caught:
        driftcheck.check(**{"root": tmp_path} | options)
    assert isinstance(caught.value, getattr(driftcheck, error))
    assert caught.value.hint


def test_an_end_without_an_answer(project):
    (project.root / "models.py").write_text("import os\nos._exit(5)\n")
    with pytest.raises(driftcheck.CannotCheckError, match=r"the process with os\._exit\(5\)"):
        driftcheck.check(root=project.root)


def test_a_check_within_a_check(project):
    """An app that checks its database when it is imported."""
    (project.root / "models.py").write_text("import driftcheck\ndriftcheck.check()\n")
    with pytest.raises(driftcheck.CannotCheckError) as caught:
        driftcheck.check(root=project.root)
    assert "has asked for a check itself" in str(caught.value)


def test_an_unknown_format(project):
    with pytest.raises(driftcheck.UsageError, match="there is no format 'pdf'"):
        driftcheck.render(driftcheck.Report("p", ()), "pdf")


def test_an_interrupted_call_ends_its_check(project):
    """The check sleeps in a revision; a signal to the caller alone ends both, without a kill."""
    project.revision("b", "import time, pathlib; pathlib.Path('runs').touch(); time.sleep(60)", "a")
    code = "import driftcheck\nfrom driftcheck.process import child\nchild._SECONDS_TO_END = 100\n"
    code += f"driftcheck.check(root={str(project.root)!r})"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as process:
        while not (project.root / "runs").exists():
            time.sleep(0.02)
        (check,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        begun = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.stderr.read()
    assert time.monotonic() - begun < 30
    assert not Path(f"/proc/{check}").exists()


def test_only_a_program_of_its_own_asks(monkeypatch, tmp_path):
    monkeypatch.setattr(child, "are_kept", lambda: True)
    with pytest.raises(driftcheck.CannotCheckError, match="has asked for a check itself"):
        driftcheck.check(root=tmp_path)
    assert not streams.are_kept()


def test_examples_are_found():
    assert {*EXAMPLES} == {"test_schema.py", "serve.py", "nightly.py", "release.py", "staging.py"}
    assert all(compile(textwrap.dedent(code), name, "exec") for name, code in EXAMPLES.items())
