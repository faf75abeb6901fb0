"""The answer about a database with drift is cached while nothing changes on which it depends."""

import os

import pytest
from alembic.util import CommandError

from driftcheck.storage.cache_directory import cache_directory
from tests import kept
from tests.actions.guard.conftest import AGE, DROPPED, FIRST, LAST, models

pytestmark = pytest.mark.needs("alembic>=1.18")  # plugins; test_hooks.py tests the hook
REPAIR = "ALTER TABLE public.students ADD COLUMN last_name character varying(64)"


@pytest.fixture
def project(guarded, pg18, monkeypatch):
    """A project that shares the private server of the tests, in step."""
    for name, value in kept.variables(pg18).items():
        monkeypatch.setenv(name, value)
    return guarded(maker=pg18)


@pytest.fixture
def write(project, tmp_path):
    """Write the models. Each process that loads them adds a line to a file."""
    log = tmp_path / "processes"

    def write(text):
        adds = f"with open({str(log)!r}, 'a') as log:\n    print(os.getpid(), file=log)"
        project.sketch.models(f"{text}import os\n{adds}\n")

    write.log = log
    return write


@pytest.fixture
def tell(project, write, capsys, monkeypatch):
    """Return what the guard says, and whether the check has loaded the project for it."""

    def tell(mode="warn", url=None):
        monkeypatch.setenv("DRIFTCHECK_GUARD", mode)
        write.log.write_text("")
        with pytest.raises(CommandError):
            project.check(url)
        processes = {*write.log.read_text().split()}
        return capsys.readouterr().err, bool(processes - {str(os.getpid())})

    return tell


@pytest.fixture
def cached(project, write, tell):
    """The guard's text about drift, of which the answer is cached."""

    def cache(*drift, text=None):
        write(text or models(FIRST, LAST, AGE))
        for statement in drift or [DROPPED]:
            project.sketch.by_hand(statement)
        tell()  # caches the history
        told, is_checked = tell()
        assert is_checked
        assert tell() == (told, False)
        return told

    return cache


def test_an_answer_from_the_cache_has_causes_and_remedies_in_each_mode(cached, tell):
    told = cached()
    assert REPAIR in told
    assert "the column existed and was dropped" in " ".join(told.split())
    explained, _, _ = told.partition("The guard has left")
    for mode in ("refuse", "strip"):
        again, is_checked = tell(mode)
        assert not is_checked
        assert again.startswith(explained)


def test_other_drift_is_checked_anew(cached, project, tell):
    told = cached()
    project.sketch.by_hand("ALTER TABLE students DROP COLUMN first_name")
    anew, is_checked = tell()
    assert is_checked
    assert "first_name" not in told
    assert "column public.students.first_name was" in anew


def test_rows_change_the_remedies(cached, project, tell):
    told = cached(
        "ALTER TABLE students DROP CONSTRAINT students_pkey",
        "ALTER TABLE students ALTER id DROP NOT NULL",
    )
    project.sketch.by_hand("INSERT INTO students (id) VALUES (NULL)")
    anew, is_checked = tell()
    assert is_checked
    assert anew != told
    assert tell() == (anew, False)
    project.sketch.by_hand("INSERT INTO students (id) VALUES (NULL)")
    assert tell() == (anew, False)  # whether there are rows is the same
    project.sketch.by_hand("TRUNCATE students")
    emptied, is_checked = tell()
    assert is_checked
    assert emptied == told


def test_a_table_that_was_created_again_is_another_cause(cached, project, tell):
    told = cached()
    project.sketch.by_hand(
        "DROP TABLE students; CREATE TABLE students (id serial primary key, first_name varchar(64))"
    )
    anew, is_checked = tell()
    assert is_checked
    assert "the column has not existed since its table was created" not in told
    assert "the column has not existed since its table was created" in anew.replace("\n    ", " ")


def test_privileges_are_in_the_remedies(cached, project, tell):
    cached()
    project.sketch.by_hand("GRANT SELECT ON students TO PUBLIC")
    _, is_checked = tell()
    assert is_checked


def test_another_history_is_checked_anew(cached, project, tell):
    told = cached()
    path = project.sketch.root / "migrations" / "versions" / "0001.py"
    path.write_text(path.read_text() + "\n# a comment\n")
    tell()  # caches the history
    assert tell() == (told, True)
    assert tell() == (told, False)


def test_models_for_which_the_same_is_written_are_checked_anew(cached, write, tell):
    """For another default, the same operation is written on the database, but not on the head."""
    age = 'Column("age", String(50){})'
    told = cached(
        "ALTER TABLE students ADD age varchar(20)",
        text=models(FIRST, LAST, age.format("")),
    )
    changed = models(FIRST, LAST, age.format(', server_default="unknown"'))
    write(changed)
    anew, is_checked = tell()
    assert is_checked
    assert "unknown" not in told
    assert "server_default='unknown'" in anew


def test_a_variable_that_the_models_read_is_an_input(cached, tell, monkeypatch):
    told = cached(text=models(FIRST, LAST) + "import os\nos.environ.get('SCHOOL')\n")
    monkeypatch.setenv("SCHOOL", "another")
    assert tell() == (told, True)
    assert tell() == (told, False)


def test_code_that_asks_another_program_is_run_each_time(project, write, tell):
    write(models(FIRST, LAST) + "import subprocess\nsubprocess.run(['true'])\n")
    project.sketch.by_hand(DROPPED)
    assert [tell()[1] for _ in range(4)] == [True] * 4


def test_an_answer_is_not_cached_if_an_operation_fails(project, write, tell):
    """It may fail for a reason that passes. Here, the type does not exist."""
    write(models(FIRST, LAST, 'Column("mood", Enum("sad", name="mood"))'))
    project.sketch.by_hand(DROPPED)
    assert [tell()[1] for _ in range(3)] == [True] * 3


def test_a_damaged_file_of_the_cache_is_not_used(cached, tell):
    told = cached()
    for damage in ("{", '{"inputs": {}}', "null"):
        for path in (cache_directory() / "guard").glob("*.json"):
            path.write_text(damage)
        assert tell() == (told, True)
    assert tell() == (told, False)


def test_another_database_with_the_same_drift_is_checked_anew(
    cached, project, tell, database, pg18
):
    cached()
    other = database(pg18)
    project.sketch.upgrade(url=other.text_url)
    other.execute(DROPPED)
    told, is_checked = tell(url=other.text_url)
    assert is_checked
    assert other.name in told.partition("The drift is in ")[2].partition("\n")[0]
