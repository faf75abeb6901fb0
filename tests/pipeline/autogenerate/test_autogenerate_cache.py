"""Autogenerate is not run again while nothing has changed that its result depends on."""

import pytest

from tests.kept import variables

MODELS = """
table = Table("students", metadata, Column("id", Integer, primary_key=True))
"""
PENDING = """
table = Table(
    "students", metadata,
    Column("id", Integer, primary_key=True),
    Column("age", Integer, index=True),
    CheckConstraint("id > 0", name="a_blind_spot"),
    Column("name", String, server_default="%(nobody)s ' \\x1b[31m"),
)
Table("courses", metadata, Column("id", ForeignKey("students.id"), primary_key=True))
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
    for number in range(sum(map(bool, wanted))):
        directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp(f"SELECT {number}"))

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

    def check(*options, **variables):
        """Return the result, and whether autogenerate has run."""
        before = (root / "runs").read_text()
        result = project.run("compare", "--format", "json", *options, **cache, **variables)
        assert result.stderr == ""
        return result, (root / "runs").read_text() != before

    def operations(*options, **variables):
        """Return how many operations are pending, and whether autogenerate has run."""
        result, has_run = check("--only-gap", "pending", *options, **variables)
        found = [rule for rule, _ in result.findings if rule == "pending-operation"]
        return len(found), has_run

    project.check = check
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
    for number, (name, text) in enumerate(files.items(), 1):
        (root / name).write_text(text)
        assert operations() == (number, True), name
    (root / "active").unlink()
    assert operations() == (len(files) - 1, True)


PLUGIN_OPERATION = """
from alembic.autogenerate import renderers
from alembic.operations import MigrateOperation, Operations

@Operations.register_operation("set_version")
class SetVersion(MigrateOperation):
    @classmethod
    def set_version(cls, operations, day):
        return operations.invoke(cls())

@Operations.implementation_for(SetVersion)
def run(operations, operation):
    operations.execute("PRAGMA user_version = 1")

@renderers.dispatch_for(SetVersion)
def render(context, operation):
    context.imports.add("from datetime import date")
    return "op.set_version(date(2000, 1, 1))"

def version_is_missing(context):
    return context.connection.exec_driver_sql("PRAGMA user_version").scalar() == 0
"""
WRITTEN = {
    "of_alembic": "",
    "of_plugin": (
        "if version_is_missing(context): directives[0].upgrade_ops.ops.append(SetVersion())"
    ),
    "without_effect": "directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp('SELECT 1'))",
    "version_table": "directives[0].upgrade_ops.ops.append(ops.DropTableOp('alembic_version'))",
}


def with_written(project, line):
    """Have autogenerate write an operation in addition."""
    env = project.root / "migrations" / "env.py"
    begin, condition, rest = env.read_text().partition("    for number in")
    env.write_text(f"{PLUGIN_OPERATION}\n{begin}    {line}\n{condition}{rest}")


@pytest.mark.parametrize("name", WRITTEN)
def test_pending_operations_are_known_without_autogenerate(project, name):
    project.models(PENDING)
    with_written(project, WRITTEN[name])
    first, has_run = project.check("--only-gap", "pending")
    assert has_run
    again, has_run = project.check("--only-gap", "pending")
    assert not has_run
    assert again.database["findings"] == first.database["findings"]
    rules = {rule for rule, _ in first.findings}
    assert {"pending-column-missing", "pending-table-missing"} <= rules
    assert ("pending-operation" in rules) == (name != "of_alembic")


def test_an_operation_that_fails_is_tried_again(project):
    with_written(project, "directives[0].upgrade_ops.ops.append(ops.ExecuteSQLOp('SELECT gone'))")
    results = [project.check("--only-gap", "pending") for _ in range(2)]
    for result, has_run in results:
        assert "no such column: gone" in result.stdout
        assert has_run


LIVE = """
CREATE TABLE students (id INTEGER NOT NULL PRIMARY KEY);
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0001');
"""


def test_drift_of_an_object_with_a_pending_change(project, tmp_path):
    project.models(PENDING)
    project.by_hand(LIVE)
    project.check()
    entries = tmp_path / "cache" / "autogenerate"
    for statement in ("", "ALTER TABLE students ADD COLUMN age TEXT"):
        project.by_hand(statement)
        before = {*entries.iterdir()}
        found, _ = project.check()
        assert ({*entries.iterdir()} == before) == (not statement)
        wanted, _ = project.check("--no-cache")
        assert found.database["findings"] == wanted.database["findings"]


def test_a_damaged_result_is_not_used(project, tmp_path):
    project.models(PENDING)
    first, _ = project.check("--only-gap", "pending")
    (entry,) = (tmp_path / "cache" / "autogenerate").iterdir()
    entry.write_text(entry.read_text().replace('"reverse"', '"other"'))
    again, has_run = project.check("--only-gap", "pending")
    assert has_run
    assert again.database["findings"] == first.database["findings"]


DRIFTED = ("ALTER TABLE students ADD COLUMN extra integer", "CREATE INDEX ON students (id)")
OF_POSTGRESQL = """
CREATE TABLE students (id integer PRIMARY KEY);
CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY);
INSERT INTO alembic_version VALUES ('0001');
"""


def test_what_drift_leads_to_is_not_tried_again(sketch, pg18, tmp_path):
    project = sketch(pg18)
    env = project.root / "migrations" / "env.py"
    runs = project.root / "runs"
    hook = f"def process(*_):\n    open({str(runs)!r}, 'a').write('ran')\n\n"
    configured = "context.configure(process_revision_directives=process, "
    env.write_text(hook + env.read_text().replace("context.configure(", configured))
    project.models(MODELS)
    project.revision("0001", REVISION)
    project.by_hand(OF_POSTGRESQL)
    kept = {"DRIFTCHECK_CACHE_DIR": str(tmp_path)} | variables(pg18)

    def check(*options):
        """Return the findings, and whether autogenerate has run."""
        runs.write_text("")
        result = project.run_anew("compare", "--format", "json", *options, **kept)
        assert result.stderr == ""
        return result.database["findings"], bool(runs.read_text())

    for statement in DRIFTED:
        project.by_hand(statement)
        first, has_run = check()
        assert has_run
        assert any(found["phantom"] for found in first)
        assert check() == (first, False)
        assert check("--no-cache") == (first, True)
