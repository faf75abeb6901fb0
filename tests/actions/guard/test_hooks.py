"""The guard and the project's own hook, and driftcheck's own runs of env.py."""

import pytest
from alembic import command
from alembic.util import CommandError

from driftcheck import guard
from tests.actions.guard.conftest import AGE, DROPPED, FIRST, LAST, PLUGINS, models

WRAPPED = """
from driftcheck.guard import wrap

def own(context, revision, directives):
    print("own hook")
    {body}

options = {{"process_revision_directives": wrap(own)}}
"""
NO_EMPTY_FILE = "directives[:] = [d for d in directives if not d.upgrade_ops.is_empty()]"
BOTH = """
options["autogenerate_plugins"] = ["alembic.autogenerate.*", "driftcheck.guard"]
"""


def drifted(guarded, options, *columns):
    project = guarded(models(FIRST, LAST, options=options))
    project.sketch.by_hand(DROPPED)
    project.sketch.models(models(FIRST, LAST, *columns, options=options))
    return project


@pytest.mark.parametrize(
    "options", [WRAPPED.format(body="pass"), WRAPPED.format(body="pass") + BOTH]
)
def test_the_hook_and_the_plugin_work_once_even_together(guarded, options, capsys):
    project = drifted(guarded, options, AGE)
    with pytest.raises(CommandError):
        project.migrate()
    told = capsys.readouterr()
    assert told.out.count("own hook") == 1
    assert told.err.count("The drift is in") == 1


def test_an_own_hook_sees_what_is_left(guarded, capsys, monkeypatch):
    project = drifted(guarded, WRAPPED.format(body=NO_EMPTY_FILE))
    monkeypatch.setenv("DRIFTCHECK_GUARD", "strip")
    assert project.migrate() == []
    assert project.files == ["0001.py"]


def test_an_operation_that_the_own_hook_removes_is_no_reason_to_refuse(guarded, capsys):
    project = drifted(guarded, WRAPPED.format(body="directives[0].upgrade_ops.ops[:] = []"))
    project.migrate()
    assert capsys.readouterr().err == ""


def test_the_guard_is_off_when_driftcheck_runs_env_py(guarded):
    project = drifted(guarded, PLUGINS, AGE)
    # Where the guard is not off, it cannot work on a shadow, and would end autogenerate.
    (project.sketch.root / "pyproject.toml").write_text(
        "[tool.driftcheck.guard]\nrequired = true\n"
    )
    result = project.sketch.compare()
    assert result.database["notes"] == []
    assert result.findings == [
        ("drift-column-missing", "students.last_name"),
        ("pending-column-missing", "students.age"),
    ]
    assert result.stderr == ""


def test_a_wrapped_hook_is_not_wrapped_again():
    hook = guard.wrap(None)
    assert guard.wrap(hook) is hook


def test_a_migration_with_operations_of_no_comparison_is_left_alone(guarded, capsys):
    project = drifted(guarded, PLUGINS, AGE)
    command.revision(project.config, "by hand")
    assert capsys.readouterr().err == ""
