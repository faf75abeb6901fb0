"""The file of a revision that the working tree lacks is found in the repository's commits."""

import subprocess

import pytest

from driftcheck.sources.revision_search import find_revision

REVISION = '"""Add a table."""\n\nrevision: str = "4a09"\ndown_revision = "0001"\n'


class Clone:
    def __init__(self, root):
        self.root = root
        self.versions = root / "app" / "migrations" / "versions"
        self.versions.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")
        self.commit("0001.py", 'revision = "0001"\n# 4a09 comes later\n')

    def git(self, *arguments):
        identity = "-c", "user.name=a", "-c", "user.email=a@example.org"
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.root,
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, name, text):
        (self.versions / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", f"Add {name}")
        return self.git("rev-parse", "HEAD")[:10]

    def find(self, identifier="4a09"):
        return find_revision(identifier, [self.versions])


@pytest.fixture
def clone(tmp_path):
    return Clone(tmp_path)


def test_on_another_branch(clone):
    clone.git("checkout", "-q", "-b", "feature/x")
    commit = clone.commit("4a09_add.py", REVISION)
    clone.git("update-ref", "refs/remotes/origin/feature/x", "HEAD")
    clone.git("checkout", "-q", "main")
    found = clone.find()
    assert (found.file, found.commit) == ("app/migrations/versions/4a09_add.py", commit)
    assert (found.refs, found.is_in_head) == (("feature/x", "origin/feature/x"), False)


def test_on_a_deleted_branch(clone):
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit("4a09_add.py", REVISION)
    clone.git("checkout", "-q", "main")
    clone.git("branch", "-q", "-D", "feature")
    assert clone.find().refs == ()


def test_deleted_on_this_branch(clone):
    clone.commit("4a09_add.py", REVISION)
    clone.git("rm", "-q", str(clone.versions / "4a09_add.py"))
    clone.git("commit", "-q", "-m", "Squash")
    deletion = clone.git("rev-parse", "HEAD")[:10]
    assert (clone.find().is_in_head, clone.find().deleted_in) == (True, deletion)


def test_a_renamed_identifier(clone):
    """The file exists, with another revision in it."""
    clone.commit("4a09_add.py", REVISION)
    clone.commit("4a09_add.py", REVISION.replace("4a09", "5b10"))
    found = clone.find()
    assert (found.is_in_head, found.deleted_in) == (True, "")


def test_a_mention_is_no_definition(clone):
    clone.git("checkout", "-q", "-b", "feature")
    clone.commit("0002.py", 'revision = "0002"\ndown_revision = "4a09"\n')
    assert clone.find() is None


@pytest.mark.parametrize("identifier", ["--all", "-x; touch y", "4a09'", "\n", ""])
def test_hostile_identifiers(clone, identifier):
    assert clone.find(identifier) is None


def test_outside_of_a_repository(tmp_path):
    assert find_revision("4a09", [tmp_path]) is None
    assert find_revision("4a09", [tmp_path / "missing"]) is None
