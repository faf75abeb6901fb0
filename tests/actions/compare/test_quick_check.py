"""The quick answer that there is no drift: right, without SQLAlchemy, and silent in every doubt."""

import pytest

MODELS = """
options = {"include_schemas": True}
Table("students", metadata, Column("id", Integer), Column("name", Text))
Table("bills", metadata, Column("id", Integer), schema="billing")
"""
LEAVES_TRACE = "open('ran.txt', 'a').write('x')\n"
WRITES_MODULES = """
import atexit, os, pathlib, sys
atexit.register(lambda: pathlib.Path(os.environ["MODULES"]).write_text("\\n".join(sys.modules)))
"""
"""Python imports it when it starts: the modules that were imported are written at the end."""


@pytest.fixture
def project(sketch, pg18, tmp_path):
    """A project that was checked once, and a way to ask for drift alone."""
    project = sketch(pg18)
    project.models(MODELS)
    project.revision(
        "0001",
        'op.create_table("students", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))',
    )
    project.revision(
        "0002",
        'op.execute("CREATE SCHEMA billing")\n'
        'op.create_table("bills", sa.Column("id", sa.Integer()), schema="billing")',
        "0001",
    )
    project.upgrade()
    env = project.root / "migrations" / "env.py"
    env.write_text(LEAVES_TRACE + env.read_text())
    shadow = pg18.server.set(database="postgres").render_as_string(hide_password=False)
    said = {"DRIFTCHECK_CACHE_DIR": str(tmp_path), "DRIFTCHECK_SHADOW": shadow}
    first = project.compare(**said)
    assert first.status == 0, first.stdout + first.stderr
    trace = project.root / "ran.txt"

    def ask(*options, url=project.url, run=project.run, **variables):
        trace.unlink(missing_ok=True)
        options = ("--format", "json", "--only-gap", "drift", "-d", url, *options)
        result = run("compare", *options, **said, **variables)
        project.was_quick = not trace.exists()
        return result

    project.ask = ask
    return project


def imports_of(project, directory, *options):
    """Ask in a new process, and return its result and the modules that it has imported."""
    (directory / "sitecustomize.py").write_text(WRITES_MODULES)
    modules = directory / "modules"
    variables = {"PYTHONPATH": str(directory), "MODULES": str(modules)}
    result = project.ask(*options, run=project.run_anew, **variables)
    imported = set(modules.read_text().split())
    assert "driftcheck.cli.commands" in imported
    assert imported.isdisjoint({"driftcheck.cli.gate", "driftcheck.reports.sarif"})
    return result, imported


def test_nothing_has_moved(project, tmp_path):
    result, imported = imports_of(project, tmp_path)
    assert project.was_quick
    assert "sqlalchemy" not in imported
    assert (result.status, result.findings) == (0, [])
    facts = {key: result.database[key] for key in ("replay", "gaps", "stamped", "heads")}
    assert facts == {"replay": "cached", "gaps": ["drift"], "stamped": ["0002"], "heads": ["0002"]}
    assert result.database["coverage"]["compared"]["tables"] == 2
    assert project.live.name in result.database["location"]

    full, imported = imports_of(project, tmp_path, "--no-cache")
    assert not project.was_quick
    assert "sqlalchemy" in imported
    assert {**full.database, "replay": "cached"} == result.database


def test_another_database_has_its_own_name(project, pg18):
    """A check that is quick today and full tomorrow is about the same database."""
    project.live.close()
    copy = pg18.make("copy", project.live.shadow)
    url = copy.url.render_as_string(hide_password=False)
    names = [project.ask(*options, url=url).database["name"] for options in ((), ("--no-cache",))]
    assert names == [copy.name, copy.name]


def test_drift_is_found(project):
    project.by_hand("ALTER TABLE students ADD age integer")
    result = project.ask()
    assert (result.status, result.findings) == (1, [("drift-column-extra", "public.students.age")])
    assert not project.was_quick


def test_what_is_worth_a_note_is_told(project):
    project.by_hand("ALTER ROLE postgres SET app.note = 'x'")
    assert project.ask().database["findings"] == []
    assert project.was_quick
    noted = project.ask("--settings")
    assert ("live-setting-of-role", "postgres") in noted.findings
    assert noted.status == 0
    assert not project.was_quick
    project.by_hand("ALTER ROLE postgres RESET app.note")


def test_another_revision(project):
    project.by_hand("UPDATE alembic_version SET version_num = '0001'")
    result = project.ask()
    assert not project.was_quick
    assert result.findings == [("stamp-behind", "")]


def test_no_revision(project):
    project.by_hand("DELETE FROM alembic_version")
    assert project.ask().findings == [("stamp-missing", "")]
    assert not project.was_quick


def test_an_edited_migration(project):
    project.revision("0001", 'op.create_table("students", sa.Column("id", sa.Integer()))')
    assert project.ask().findings == [("drift-column-extra", "public.students.name")]
    assert not project.was_quick


def test_a_schema_filter_is_another_question(project):
    project.by_hand("ALTER TABLE students ADD age integer")
    first = project.ask("--schema", "billing")
    assert (first.status, first.findings, project.was_quick) == (0, [], False)
    second = project.ask("--schema", "billing")
    assert (second.status, second.findings, project.was_quick) == (0, [], True)
    assert second.database["coverage"]["compared"]["tables"] == 1

    project.by_hand("ALTER TABLE billing.bills ADD age integer")
    third = project.ask("--schema", "billing")
    assert third.findings == [("drift-column-extra", "billing.bills.age")]


def test_what_is_ignored_is_never_quickly_in_step(project):
    entry = '{{rule = "drift-column-*", address = "public.{}", reason = "so"}}'
    (project.root / "pyproject.toml").write_text(
        f"[tool.driftcheck]\nignore = [{entry.format('*.age')}, {entry.format('*.size')}]\n"
    )
    assert project.ask().status == 0
    quick = project.ask()
    assert (quick.status, project.was_quick) == (0, True)
    assert quick.findings == [("ignore-unmatched", ""), ("ignore-unmatched", "")]

    project.by_hand("ALTER TABLE students ADD age integer")
    full = project.ask()
    assert (full.status, project.was_quick) == (0, False)
    assert full.findings == [("ignore-unmatched", "")]
    assert [one["finding"]["address"] for one in full.database["ignored"]] == [
        "public.students.age"
    ]


def test_a_damaged_memo_is_none(project, tmp_path):
    for memo in (tmp_path / "quick_checks").iterdir():
        memo.write_text("{")
    assert project.ask().status == 0
    assert not project.was_quick
    assert project.ask().status == 0
    assert project.was_quick
