"""The cache: what was replayed once is not replayed again, until anything that counts changes."""

import json

import pytest

MODELS = 'Table("students", metadata, Column("id", Integer), Column("name", Text))'
REVISION = (
    'op.create_table("students", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))'
)


@pytest.fixture
def kept(tmp_path):
    """A directory for a cache that nobody else fills."""
    return tmp_path / "cache"


@pytest.fixture
def project(sketch, kept):
    project = sketch()
    project.models(MODELS)
    project.revision("0001", REVISION)
    project.revision("0002", "", "0001")
    project.upgrade()
    project.by_hand("ALTER TABLE students ADD age integer")

    def look(*options):
        result = project.compare(*options, DRIFTCHECK_CACHE_DIR=str(kept))
        assert result.stderr == ""
        return result.database["replay"], result.database["findings"]

    project.look = look
    return project


def test_the_second_run_is_the_same_and_cached(project, kept):
    how, first = project.look()
    assert (how, len(first)) == ("fresh", 1)
    assert project.look() == ("cached", first)
    assert project.look("--no-cache") == ("fresh", first)
    assert {path.stat().st_mode & 0o777 for path in (kept, kept / "replays")} == {0o700}
    assert {path.stat().st_mode & 0o077 for path in kept.glob("*/*")} == {0}


def test_what_counts_is_replayed_again(project):
    project.look()
    place = project.root / "migrations"

    (place / "helper.py").write_text("")
    assert project.look()[0] == "fresh"

    env = place / "env.py"
    env.write_text(env.read_text() + "\n# another\n")
    assert project.look()[0] == "fresh"

    project.revision("0001", REVISION + '\nop.create_table("more", sa.Column("id", sa.Integer()))')
    how, findings = project.look()
    assert how == "fresh"
    assert "more" in [f["address"] for f in findings]
    assert project.look() == ("cached", findings)


CONVENTIONS = (
    '{"uq": "uq_%(table_name)s"}',
    '{"uq": "uq_%(own)s", "own": lambda *_: "a"}',
    '{"uq": "uq_%(own)s", "own": lambda *_: "b"}',
)


def test_another_naming_convention_is_replayed_again(project):
    """Alembic gives the names of the models' convention to constraints of revisions too."""
    project.revision("0001", REVISION[:-1] + ', sa.UniqueConstraint("name"))')
    before = project.look()[1]
    for convention in CONVENTIONS:
        project.models(f"{MODELS}\nmetadata.naming_convention = {convention}")
        how, findings = project.look()
        assert (how, findings != before) == ("fresh", True)
        assert project.look() == ("cached", findings)
        before = findings


def test_a_revision_on_top_is_seen(project):
    _, before = project.look()
    project.revision("0003", 'op.add_column("students", sa.Column("email", sa.Text()))', "0002")
    _, findings = project.look("--only-gap", "drift", "--only-gap", "unapplied")
    assert sorted(f["rule"] for f in findings) == ["drift-column-extra", "unapplied-column-missing"]
    assert before[0]["address"] in [f["address"] for f in findings]


def test_a_damaged_entry_is_none(project, kept):
    first = project.look()
    for damaged in (lambda _: b"", lambda data: data[: len(data) // 2], lambda _: b"\xff\x00"):
        entries = list((kept / "replays").iterdir())
        assert entries
        for entry in entries:
            entry.write_bytes(damaged(entry.read_bytes()))
        assert project.look() == first


def test_two_at_once(project, kept):
    both = [
        project.start("compare", "--format", "json", DRIFTCHECK_CACHE_DIR=str(kept))
        for _ in range(2)
    ]
    told = [process.communicate(timeout=60) for process in both]
    assert [process.returncode for process in both] == [1, 1]
    one, other = ([f["rule"] for f in _findings(stdout)] for stdout, _ in told)
    assert one == other == ["drift-column-extra"]
    assert project.look()[0] == "cached"


def test_a_cache_that_cannot_be_written_is_done_without(project, kept):
    project.look()
    for path in (kept / "replays").iterdir():
        path.unlink()
    (kept / "replays").rmdir()
    (kept / "replays").write_text("in the way")
    assert project.look()[0] == "fresh"


def test_an_entry_that_others_can_write_is_not_used_and_told(project, kept):
    project.look()
    for path in (kept / "replays").iterdir():
        path.chmod(0o666)
    result = project.compare(DRIFTCHECK_CACHE_DIR=str(kept))
    assert result.database["replay"] == "fresh"
    assert "not taken from the cache" in result.stderr
    assert project.look()[0] == "cached"  # the user's own has taken its place


def _findings(stdout):
    (database,) = json.loads(stdout)["databases"]
    return database["findings"]
