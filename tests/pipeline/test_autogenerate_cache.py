"""Autogenerate is not run again while nothing has changed that its result depends on."""

import pytest

MODELS = """
table = Table("students", metadata, Column("id", Integer, primary_key=True))
"""
REVISION = 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
PLUGIN = "ACTIVE = False\n"
HOOK = """
import os
from pathlib import Path
import plugin_of_tests
from helpers.rules import ACTIVE
from alembic.operations import ops

HERE = Path(__file__).parents[1]

def process(context, revision, directives):
    with open(HERE / "runs", "a") as runs:
        runs.write("ran\\n")
    wanted = [
        ACTIVE,
        plugin_of_tests.ACTIVE,
        (HERE / "rules.txt").read_text() == "active",
        (HERE / "active").exists(),
        "VARIABLE" in os.environ,
        context.environment_context.get_x_argument() == ["active"],
        "active" in os.listdir(HERE / "rules"),
        models["metadata"].tables["students"].info.get("active"),
    ]
    if any(wanted):
        directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp("SELECT 1"))

"""


@pytest.fixture
def project(sketch, tmp_path):
    project = sketch()
    root, packages = project.root, project.root / "site-packages"
    for directory in ("helpers", "rules", "site-packages"):
        (root / directory).mkdir()
    (packages / "plugin_of_tests.py").write_text(PLUGIN)
    (root / "helpers" / "rules.py").write_text(PLUGIN)
    (root / "rules.txt").write_text("none")
    env = root / "migrations" / "env.py"
    configured = "context.configure(process_revision_directives=process, "
    env.write_text(HOOK + env.read_text().replace("context.configure(", configured))
    project.models(MODELS)
    project.revision("0001", REVISION)
    (root / "runs").write_text("")
    cache = {"DRIFTCHECK_CACHE_DIR": str(tmp_path / "cache"), "PYTHONPATH": str(packages)}

    def operations(*options, **variables):
        """Return how many operations are pending, and whether autogenerate has run."""
        before = (root / "runs").read_text()
        options = ("--only-gap", "pending", *options)
        result = project.run_anew("compare", "--format", "json", *options, **cache, **variables)
        assert result.stderr == ""
        found = [rule for rule, _ in result.findings if rule == "pending-operation"]
        return len(found), (root / "runs").read_text() != before

    project.operations = operations
    return project


def test_what_counts_runs_autogenerate_again(project):
    root, operations = project.root, project.operations
    assert operations() == (0, True)
    assert operations() == (0, False)
    assert operations("--no-cache") == (0, True)
    (root / "notes.md").write_text("unrelated")
    assert operations(UNRELATED="1") == (0, False)
    assert operations(VARIABLE="1") == (1, True)
    assert operations("-x", "active") == (1, True)
    files = {
        "helpers/rules.py": "ACTIVE = 1\n",
        "site-packages/plugin_of_tests.py": "ACTIVE = 1\n",
        "rules.txt": "active",
        "active": "",
        "rules/active": "",
        "models.py": (root / "models.py").read_text() + 'table.info["active"] = True\n',
    }
    for name, text in files.items():
        path = root / name
        before = path.read_text() if path.exists() else None
        path.write_text(text)
        assert operations() == (1, True), name
        path.unlink() if before is None else path.write_text(before)
        assert operations() == (0, "site-packages" in name), name
