"""The schema of the models is cached until they or what they use of the head change."""

import json

import pytest

MODELS = """
Table("students", metadata, Column("id", Integer), Column("name", Text), Index("ix", "id"))
Table("teachers", metadata, Column("id", Integer), Index("ix", "id"))
"""
PLAIN = """
Table("students", metadata, Column("id", Integer), Column("name", Text))
Table("teachers", metadata, Column("id", Integer, comment="mark"))
"""
REVISION = """
op.create_table("students", sa.Column("id", sa.Integer()))
op.create_table("teachers", sa.Column("id", sa.Integer()))
"""


@pytest.fixture
def kept(tmp_path):
    """A directory for a cache that nobody else fills."""
    return tmp_path / "cache"


@pytest.fixture
def project(sketch, kept):
    return prepared(sketch(), kept, MODELS)


@pytest.fixture
def plain(sketch, pg16, kept):
    """A project whose models need nothing of the history."""
    return prepared(sketch(pg16), kept, PLAIN)


def prepared(project, kept, models):
    """Write the models and a history, and give the project a way to get findings."""
    project.models(models)
    project.revision("0001", REVISION)
    project.upgrade()

    def findings(*options, **variables):
        result = project.compare(*options, DRIFTCHECK_CACHE_DIR=str(kept), **variables)
        assert result.stderr == ""
        return result.database["findings"]

    project.findings = findings
    return project


def addresses(findings):
    return {each["address"] for each in findings if each["severity"] != "note"}


def mark(kept):
    """Change the message of what was refused in the only entry, so that its use is seen."""
    (entry,) = (kept / "models").iterdir()
    data = json.loads(entry.read_text())
    data["refused"][0]["message"] = "from the cache"
    entry.write_text(json.dumps(data))


def is_taken_from_the_cache(findings):
    return "from the cache" in json.dumps(findings)


def test_the_models_are_the_same_and_cached(project, kept):
    first = project.findings()
    assert "already exists" in json.dumps(first)
    assert project.findings() == first
    mark(kept)
    again = project.findings()
    assert is_taken_from_the_cache(again)
    assert addresses(again) == addresses(first)
    assert project.findings("--no-cache") == first


def test_what_counts_creates_the_models_again(project, kept):
    project.findings()
    mark(kept)
    project.models(MODELS.replace("Text", "Integer"))
    assert not is_taken_from_the_cache(project.findings())
    project.models(MODELS)
    assert is_taken_from_the_cache(project.findings())
    project.revision("0002", 'op.add_column("students", sa.Column("age", sa.Text()))', "0001")
    findings = project.findings()
    assert not is_taken_from_the_cache(findings)
    assert "students.age" in addresses(findings)


def test_a_damaged_entry_is_none(project, kept):
    first = project.findings()
    (entry,) = (kept / "models").iterdir()
    text = entry.read_text()
    for damaged in ("", "[]", "{}", text[: len(text) // 2], text.replace("refused", "other")):
        entry.write_text(damaged)
        assert project.findings() == first


def test_models_are_not_cached_with_the_server_of_others(sketch, pg18, kept):
    project = sketch(pg18)
    project.models(MODELS)
    project.revision("0001", REVISION)
    project.upgrade()
    project.compare("--shadow", "same-server", DRIFTCHECK_CACHE_DIR=str(kept))
    assert (kept / "replays").is_dir()
    assert not (kept / "models").exists()


def mark_last(kept, text="from the cache"):
    """Change a comment in the schema of the models that were created last."""
    (entry,) = (e for e in (kept / "models").iterdir() if '"ddl"' in e.read_text())
    entry.write_text(entry.read_text().replace('"comment": "mark"', f'"comment": "{text}"'))


def test_of_changed_models_only_what_changed_is_created(plain, kept):
    plain.findings()
    mark_last(kept)
    plain.models(PLAIN.replace("Text", "Integer"))
    findings = plain.findings()
    assert is_taken_from_the_cache(findings)
    assert addresses(findings) == {"public.students.name", "public.teachers.id"}
    assert not is_taken_from_the_cache(plain.findings("--no-cache"))


def test_models_are_not_created_again_after_a_revision(plain, kept):
    plain.findings()
    mark_last(kept)
    plain.revision("0002", 'op.add_column("students", sa.Column("name", sa.Text()))', "0001")
    findings = plain.findings()
    assert is_taken_from_the_cache(findings)
    assert "public.teachers.id" in addresses(findings)


def test_last_models_that_are_damaged_are_not_used(plain, kept):
    plain.findings()
    mark_last(kept, '"')
    plain.models(PLAIN.replace("Text", "Integer"))
    assert addresses(plain.findings()) == {"public.students.name", "public.teachers.id"}
