"""What the guard does with a migration on a database with drift, in each mode."""

import os
import subprocess
import sys

import pytest
from alembic.util import CommandError

from driftcheck.actions.guard import child
from tests.actions.guard.conftest import AGE, DROPPED, FIRST, LAST, models

pytestmark = pytest.mark.needs("alembic>=1.18")  # plugins; test_hooks.py tests the hook


@pytest.fixture
def drifted(guarded):
    """A project whose models have a new column, and whose database lacks another one."""
    project = guarded()
    project.sketch.by_hand(DROPPED)
    project.sketch.models(models(FIRST, LAST, AGE))
    return project


def configure(project, text):
    (project.sketch.root / "pyproject.toml").write_text(f"[tool.driftcheck.guard]\n{text}\n")


def test_refuse_writes_no_file_and_names_the_cause_and_the_remedies(drifted, capsys):
    with pytest.raises(CommandError, match="1 of 2 operations exists because of drift"):
        drifted.migrate()
    assert drifted.files == ["0001.py"]
    told = capsys.readouterr().err
    assert "column students.last_name was" in told
    assert "Repair:" in told
    assert "Adopt" in told
    drift, _, models_part = told.partition("The other operation is not there because of drift")
    assert "'last_name'" in drift
    assert "'age'" not in drift
    assert "'age'" in models_part
    assert "'last_name'" not in models_part


def test_strip_leaves_out_what_drift_causes_in_both_directions(drifted, capsys):
    configure(drifted, 'mode = "strip"')
    upgrade, _, downgrade = drifted.migrate().partition("def downgrade")
    code = "".join(line for line in upgrade.splitlines() if not line.lstrip().startswith("#"))
    assert "'age'" in code
    assert "last_name" not in code
    assert "#     op.add_column('students', sa.Column('last_name'" in upgrade
    assert "# Drift: column students.last_name" in upgrade
    assert "op.drop_column('students', 'age')" in downgrade
    assert "last_name" not in downgrade
    assert "1 of 2 operations" in capsys.readouterr().err


def test_warn_writes_everything(drifted, capsys):
    configure(drifted, 'mode = "warn"')
    written = drifted.migrate()
    assert "'age'" in written
    assert "'last_name'" in written
    assert "1 of 2 operations exists because of drift" in capsys.readouterr().err


def test_the_variable_overrides_the_mode(drifted, capsys, monkeypatch):
    configure(drifted, 'mode = "strip"')
    monkeypatch.setenv("DRIFTCHECK_GUARD", "off")
    assert "'last_name'" in drifted.migrate()
    assert capsys.readouterr().err == ""


def test_an_invalid_mode_is_refused(drifted, monkeypatch):
    monkeypatch.setenv("DRIFTCHECK_GUARD", "ask")
    with pytest.raises(CommandError, match="DRIFTCHECK_GUARD must be refuse, strip, warn or off"):
        drifted.migrate()


def test_check_with_strip_sees_the_rest_only(drifted, monkeypatch):
    monkeypatch.setenv("DRIFTCHECK_GUARD", "strip")
    with pytest.raises(CommandError) as raised:
        drifted.check()
    assert "age" in str(raised.value)
    assert "last_name" not in str(raised.value)
    drifted.sketch.models(models(FIRST, LAST))
    drifted.check()


def test_nothing_is_said_without_drift(guarded, capsys):
    project = guarded()
    project.sketch.models(models(FIRST, LAST, AGE))
    assert "'age'" in project.migrate()
    assert capsys.readouterr().err == ""


def test_an_operation_that_the_models_need_too_is_never_left_out(guarded, capsys, monkeypatch):
    project = guarded()
    project.sketch.by_hand(DROPPED)
    project.sketch.models(models(FIRST, 'Column("last_name", String(32))'))
    monkeypatch.setenv("DRIFTCHECK_GUARD", "strip")
    with pytest.raises(CommandError):
        project.migrate()
    told = capsys.readouterr().err
    assert "Without the drift, migrate writes" in told
    assert "type_=sa.String(length=32)" in told
    assert "the migration would be incomplete" in " ".join(told.split())


def test_a_project_that_cannot_be_checked_is_not_blocked_unless_required(guarded, capsys):
    project = guarded()
    project.sketch.revision("0001", "broken")
    project.sketch.models(models(FIRST, LAST, AGE))
    assert "'age'" in project.migrate()
    told = capsys.readouterr().err
    assert "the guard could not check this migration" in told
    assert len(told.splitlines()) < 8
    (project.sketch.root / "migrations" / "versions" / project.files[-1]).unlink()
    configure(project, "required = true")
    with pytest.raises(CommandError, match="the guard could not work"):
        project.migrate()


def test_the_command_ends_without_a_traceback(drifted):
    alembic = [sys.executable, "-m", "alembic", "revision", "--autogenerate", "-m", "second"]
    run = subprocess.run(
        alembic, cwd=drifted.sketch.root, capture_output=True, text=True, check=False
    )
    assert run.returncode not in (0, 1)  # as Alembic ends with every error of a command
    assert "FAILED: driftcheck: no migration was written" in run.stdout
    assert "Traceback" not in run.stderr
    assert drifted.files == ["0001.py"]


def test_the_url_is_in_the_environment_of_the_child_only(drifted, monkeypatch, capsys):
    asked = []
    run = child._run

    def spy(arguments, environment):
        asked.append((arguments, environment))
        return run(arguments, environment)

    monkeypatch.setattr(child, "_run", spy)
    with pytest.raises(CommandError):
        drifted.migrate()
    ((arguments, environment),) = asked
    assert not any(str(drifted.sketch.live) in argument for argument in arguments)
    assert environment["DRIFTCHECK_DATABASE_URL"] == drifted.sketch.url


def test_importing_the_plugin_imports_nothing_else():
    code = (
        "import sys; before = set(sys.modules); import driftcheck.guard; "
        "print(sorted(set(sys.modules) - before - {'__future__', 'typing'}))"
    )
    run = subprocess.run(
        [sys.executable, "-c", f"import typing; {code}"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert run.stdout.strip() == "['driftcheck', 'driftcheck.guard']"
