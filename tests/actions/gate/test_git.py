"""What a clone can be like: shallow, detached, linked, without the base; and what is told then."""

import os
import shlex
import shutil
import subprocess

import pytest

from driftcheck.errors import CannotCheckError, ConfigurationError

NEW = {"0002": {"after": "0001"}}


def git(directory, *arguments):
    done = subprocess.run(
        ["git", *arguments], cwd=directory, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.fixture
def branch(project):
    """A project with a revision on a branch, not committed."""
    project.write(NEW)
    return project


@pytest.fixture
def clone(branch, tmp_path):
    """Clone the project, its branch checked out, and look at the clone from then on."""

    def make(*options):
        if git(branch.root, "branch", "--show-current") == "branch":
            branch.commit("branch")
            git(branch.root, "checkout", "--quiet", "main")
        source = f"file://{branch.root}"
        git(tmp_path, "clone", "--quiet", *options, "--branch", "branch", source, "clone")
        branch.move_to(tmp_path / "clone")
        return branch

    return make


def subject(project, **options):
    report = project.gate(**options)
    assert report.findings == ()
    return report.subject


def test_untracked_and_uncommitted_ones_are_new(branch):
    assert subject(branch).startswith("1 new revision since main (")
    git(branch.root, "add", "--all")
    assert subject(branch).endswith(": 0002")
    branch.commit("branch")
    assert subject(branch).endswith(": 0002")


def test_the_base_is_found(branch):
    assert subject(branch, base=None).startswith("1 new revision since main (")
    git(branch.root, "branch", "--move", "main", "master")
    assert subject(branch, base=None).startswith("1 new revision since master (")
    git(branch.root, "update-ref", "refs/remotes/origin/main", "master")
    assert subject(branch, base=None).startswith("1 new revision since origin/main (")


def test_a_commit_is_a_base(branch):
    commit = git(branch.root, "rev-parse", "main")
    assert subject(branch, base=commit) == f"1 new revision since {commit[:10]}: 0002"


@pytest.mark.parametrize("base", ["origin/release", "v1", "--help", "main..branch", "'; rm"])
def test_a_base_that_is_not_there(branch, base):
    with pytest.raises(ConfigurationError) as caught:
        branch.gate(base=base)
    assert repr(base) in caught.value.message
    name = base.removeprefix("origin/")
    refspec = shlex.quote(f"+{name}:refs/remotes/origin/{name}")
    assert f"git fetch origin {refspec}\n" in caught.value.hint


def test_no_base_at_all(branch):
    git(branch.root, "branch", "--move", "main", "trunk")
    with pytest.raises(
        ConfigurationError, match="none of origin/HEAD, origin/main, main"
    ) as caught:
        branch.gate(base=None)
    assert "--base" in caught.value.hint


def test_no_repository(branch):
    shutil.rmtree(branch.root / ".git")
    with pytest.raises(ConfigurationError, match="not in the working tree of a git repository"):
        branch.gate()


def test_nothing_committed(branch):
    shutil.rmtree(branch.root / ".git")
    git(branch.root, "init", "--quiet", "--initial-branch", "branch")
    with pytest.raises(ConfigurationError, match="'main' names no commit"):
        branch.gate()


def test_no_git(branch, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CannotCheckError, match="git is not on the PATH"):
        branch.gate()


def test_nothing_in_common(branch):
    branch.commit("branch")
    git(branch.root, "checkout", "--quiet", "--orphan", "other")
    branch.commit("other")
    with pytest.raises(CannotCheckError, match="HEAD and main have no commit in common"):
        branch.gate()


def test_a_detached_head(branch):
    branch.commit("branch")
    git(branch.root, "checkout", "--quiet", "--detach")
    assert subject(branch).endswith(": 0002")


def test_a_linked_worktree(branch, tmp_path):
    branch.commit("branch")
    git(branch.root, "checkout", "--quiet", "main")
    git(branch.root, "worktree", "add", "--quiet", str(tmp_path / "linked"), "branch")
    branch.move_to(tmp_path / "linked")
    assert subject(branch).endswith(": 0002")


def test_a_clone(clone):
    assert subject(clone(), base=None).startswith("1 new revision since origin/HEAD (")


def test_a_clone_that_is_too_shallow(branch, clone):
    branch.commit("one more between the two")
    made = clone("--depth", "1", "--no-single-branch")
    with pytest.raises(CannotCheckError, match="the clone is too shallow") as caught:
        made.gate(base="origin/main")
    assert "git fetch --unshallow origin" in caught.value.hint
    git(made.root, "fetch", "--quiet", "--unshallow", "origin")
    assert subject(made, base="origin/main").endswith(": 0002")


def test_a_shallow_clone_without_the_base(clone):
    made = clone("--depth", "1")
    with pytest.raises(ConfigurationError, match="'origin/main' names no commit") as caught:
        made.gate(base="origin/main")
    command = next(line for line in caught.value.hint.splitlines() if "git fetch" in line)
    git(made.root, *command.partition("git ")[2].split())
    assert subject(made, base="origin/main").endswith(": 0002")


def test_the_merge_that_a_service_has_made(branch, clone):
    """As GitHub checks pull requests out: one commit, whose parents are not fetched."""
    branch.commit("branch")
    branch.commit("one more between the two")
    git(branch.root, "checkout", "--quiet", "main")
    git(branch.root, "merge", "--quiet", "--no-ff", "--message", "pull", "branch")
    git(branch.root, "branch", "--quiet", "--force", "branch")
    git(branch.root, "reset", "--quiet", "--hard", "HEAD^1")
    made = clone("--depth", "1", "--no-single-branch")
    assert subject(made, base="origin/main").endswith(": 0002")


def test_below_the_top(branch, tmp_path):
    (tmp_path / "outer").mkdir()
    inner = shutil.move(branch.root, tmp_path / "outer" / "school")
    shutil.move(inner / ".git", tmp_path / "outer" / ".git")
    branch.move_to(inner)
    branch.commit("moved")
    assert subject(branch).endswith(": 0002")


def test_a_submodule(branch, tmp_path):
    branch.commit("branch")
    outer = tmp_path / "outer"
    outer.mkdir()
    git(outer, "init", "--quiet", "--initial-branch", "main")
    allowed = ("-c", "protocol.file.allow=always")
    git(outer, *allowed, "submodule", "--quiet", "add", "-b", "branch", str(branch.root), "school")
    branch.move_to(outer / "school")
    assert subject(branch, base="origin/main").endswith(": 0002")


def test_a_hook_that_names_another_repository(branch, tmp_path, monkeypatch):
    git(tmp_path, "init", "--quiet", "--initial-branch", "main")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(tmp_path / "index"))
    report = branch.gate()
    assert report.subject.endswith(": 0002")


def test_a_file_of_another_name(branch):
    os.rename(branch.versions / "0001.py", branch.versions / "0001_the_first.py")  # noqa: PTH104
    assert subject(branch).endswith(": 0002")


def test_a_directory_of_another_name(branch):
    branch.commit("branch")
    (branch.root / "migrations").rename(branch.root / "history")
    ini = branch.root / "alembic.ini"
    ini.write_text(ini.read_text().replace("/migrations", "/history"))
    assert subject(branch).endswith(": 0002")
    branch.commit("moved")
    assert subject(branch).endswith(": 0002")


def test_odd_names(branch):
    text = (branch.versions / "0002.py").read_text()
    (branch.versions / "0002.py").unlink()
    (branch.versions / 'é "x"\t$(touch y).py').write_text(text)
    assert subject(branch).endswith(": 0002")
    branch.commit("odd")
    assert subject(branch).endswith(": 0002")
    assert subject(branch, base="branch").startswith("no new revisions since branch (")
