"""The schema of the models is cached until they or what they use of the head change."""

import json

import pytest

MODELS = """
Table("students", metadata, Column("id", Integer), Column("name", Text), Index("ix", "id"))
Table("teachers", metadata, Column("id", Integer), Index("ix", "id"))
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
    project = sketch()
    project.models(MODELS)
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
