"""The answer about a database with drift is cached while nothing changes."""

import pytest
from alembic.util import CommandError

from tests import kept
from tests.actions.guard.conftest import AGE, DROPPED, FIRST, LAST, models

pytestmark = pytest.mark.needs("alembic>=1.18")  # plugins; test_hooks.py tests the hook
FROM_CACHE = "driftcheck compare shows more."


@pytest.fixture
def told(guarded, pg18, capsys, monkeypatch):
    """A project with drift, and what the guard says of it."""
    for name, value in kept.variables(pg18).items():
        monkeypatch.setenv(name, value)
    project = guarded(maker=pg18)
    project.sketch.by_hand(DROPPED)
    project.sketch.models(models(FIRST, LAST, AGE))

    def tell(mode="warn"):
        monkeypatch.setenv("DRIFTCHECK_GUARD", mode)
        with pytest.raises(CommandError):
            project.check()
        return capsys.readouterr().err

    tell()  # caches the history
    assert "Repair:" in tell()  # caches the answer
    return project, tell


def test_an_answer_from_the_cache_says_the_same_apart_from_remedies(told):
    _, tell = told
    cached = tell()
    assert FROM_CACHE in cached
    assert "'last_name'" in cached
    assert "Repair:" not in cached
    refused = tell("refuse")
    assert "Repair:" in refused
    assert FROM_CACHE not in refused


def test_other_drift_or_other_operations_are_checked_anew(told):
    project, tell = told
    project.sketch.models(models(FIRST, LAST, AGE, 'Column("city", String(9))'))
    assert "Repair:" in tell()
    assert FROM_CACHE in tell()
    project.sketch.by_hand("ALTER TABLE students DROP COLUMN first_name")
    anew = tell()
    assert "Repair:" in anew
    assert "'first_name'" in anew.partition("not there because of drift")[0]


def test_another_database_with_the_same_drift_is_checked_anew(told, database, pg18, capsys):
    project, tell = told
    tell()
    other = database(pg18)
    project.sketch.upgrade(url=other.text_url)
    other.execute(DROPPED)
    for _ in range(2):
        with pytest.raises(CommandError):
            project.check(other.text_url)
        _, _, place = capsys.readouterr().err.partition("The drift is in ")
        assert other.name in place.partition("\n")[0]
