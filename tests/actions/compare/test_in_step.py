"""The quick answer that everything is in step: right, and given only if nothing has changed."""

import json

import pytest

from tests.kept import PROGRAM, variables

LEAVES_TRACE = "open('ran.txt', 'a').write('x')\n"
MODELS = """
import os
Table("students", metadata, Column("id", Integer), Column("name", Text), comment={comment})
def compare_type(*_):
    return open("types.txt").read() == "all"
options = {{"compare_type": compare_type}}
"""
"""Only autogenerate reads the file."""
IN_STEP = (0, [])


@pytest.fixture
def project(sketch, pg18, tmp_path):
    """A project that is in step, and a way to ask whether it is."""
    project = sketch(pg18)
    project.models(MODELS.format(comment="os.environ.get('COMMENT')"))
    project.revision(
        "0001",
        'op.create_table("students", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))',
    )
    project.upgrade()
    env = project.root / "migrations" / "env.py"
    env.write_text(LEAVES_TRACE + env.read_text())
    (project.root / "types.txt").write_text("none")
    trace = project.root / "ran.txt"
    said = {"DRIFTCHECK_CACHE_DIR": str(tmp_path), **variables(pg18)}

    def ask(*options, **more):
        trace.unlink(missing_ok=True)
        result = project.compare(*options, **said, **more)
        project.was_quick = not trace.exists()
        project.report = result.stdout
        return result.status, result.findings

    project.ask = ask
    return project


def test_nothing_has_changed(project):
    assert (project.ask(), project.was_quick) == (IN_STEP, False)
    fresh = json.loads(project.report)
    assert (project.ask(), project.was_quick) == (IN_STEP, True)
    (database,) = fresh["databases"]
    database["replay"] = "cached"
    assert json.loads(project.report) == fresh
    assert (project.ask("--no-cache"), project.was_quick) == (IN_STEP, False)


def test_another_question_is_not_answered(project):
    assert project.ask() == IN_STEP
    # The project's code can see the URL, and this one is written in another way.
    for options in (["--only-gap", "pending"], ["-d", project.url], ["--schema", "public"]):
        assert (project.ask(*options), project.was_quick) == (IN_STEP, False)
        is_possible = "pending" not in options  # without a live database, it is not
        assert (project.ask(*options), project.was_quick) == (IN_STEP, is_possible)


def test_what_only_autogenerate_reads_is_noticed_after_a_check_with_a_cached_result(project):
    assert project.ask() == IN_STEP
    project.by_hand("ALTER TABLE students ADD age integer")
    assert project.ask()[0] == 1
    project.by_hand("ALTER TABLE students DROP age")
    assert (project.ask(), project.was_quick) == (IN_STEP, False)
    assert (project.ask(), project.was_quick) == (IN_STEP, True)
    (project.root / "types.txt").write_text("all")
    assert project.ask()[0] == 1


def changed_models(project):
    project.models(MODELS.format(comment="'of a school'"))


def changed_history(project):
    project.revision("0002", 'op.create_table("bills", sa.Column("id", sa.Integer()))', "0001")


def changed_row(project):
    project.by_hand("UPDATE alembic_version SET version_num = 'other'")


def changed_database(project):
    project.by_hand("ALTER TABLE students ALTER name SET NOT NULL")


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (changed_models, "pending-table-changed"),
        (changed_history, "unapplied-table-missing"),
        (changed_row, "stamp-unknown"),
        (changed_database, "drift-column-changed"),
    ],
)
def test_a_change_is_found(project, change, rule):
    assert project.ask() == project.ask() == IN_STEP
    assert project.was_quick
    change(project)
    found = project.ask()
    assert rule in [found for found, _ in found[1]]
    assert project.ask() == found
    assert not project.was_quick


def test_a_variable_that_the_models_read_is_noticed(project):
    assert project.ask() == project.ask() == IN_STEP
    assert project.was_quick
    assert project.ask(COMMENT="of a school")[0] == 1
    assert (project.ask(), project.was_quick) == (IN_STEP, False)


def test_another_version_of_the_server_is_noticed(project, tmp_path):
    program = tmp_path / "program"
    program.write_text("18.4")
    kept = {PROGRAM: str(program)}
    assert project.ask(**kept) == project.ask(**kept) == IN_STEP
    assert project.was_quick
    program.write_text("18.10")
    assert (project.ask(**kept), project.was_quick) == (IN_STEP, False)


def test_notes_are_always_told(project):
    """A check with a note is never quick, because a quick check has no findings."""
    project.by_hand("ALTER ROLE postgres SET app.note = 'x'")
    try:
        for _ in range(2):
            status, findings = project.ask("--settings")
            assert (status, project.was_quick) == (0, False)
            assert "live-setting-of-role" in [rule for rule, _ in findings]
    finally:
        project.by_hand("ALTER ROLE postgres RESET app.note")


def test_a_damaged_entry_is_none(project, tmp_path):
    assert project.ask() == IN_STEP
    (entry,) = (tmp_path / "in_step").iterdir()
    entry.write_text("{}")
    assert (project.ask(), project.was_quick) == (IN_STEP, False)
    assert (project.ask(), project.was_quick) == (IN_STEP, True)
