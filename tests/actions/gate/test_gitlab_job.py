"""The job for GitLab CI: its commands, run as the runner runs them in a container."""

import json
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from driftcheck.actions.init.ci_files import CIJob
from driftcheck.actions.init.requirements import Requirements
from tests.actions.gate.conftest import git

TEMPLATE = Path(__file__).parents[3] / ".gitlab" / "driftcheck.gitlab-ci.yml"
JOB = yaml.safe_load(TEMPLATE.read_text("utf-8"))["driftcheck-gate"]
JOB_OF_INIT = yaml.safe_load(CIJob(Requirements(("pip",)), "", {}).gitlab(""))["driftcheck"]
REPORTS = (*JOB["artifacts"]["paths"], *JOB["artifacts"]["reports"].values())
(CACHED,) = JOB["cache"]["paths"]
MERGE_REQUEST = {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI_DEFAULT_BRANCH": "other"}
PROGRAMS = {"pip": "true", "driftcheck": f'exec {sys.executable} -m driftcheck "$@"'}


@pytest.fixture
def run_job(project, tmp_path):
    """Run the job for the branch in a new checkout; return the run and the checkout."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name, text in PROGRAMS.items():
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        (programs / name).chmod(0o755)
    build = tmp_path / "builds" / "school"

    def run(before=(), cached=b"", script=JOB["script"], **variables):
        shutil.rmtree(build, ignore_errors=True)
        shutil.rmtree(tmp_path / "cache", ignore_errors=True)
        build.mkdir(parents=True)
        environment = os.environ | {
            **{name: str(value) for name, value in JOB["variables"].items()},
            "CI_PROJECT_DIR": str(build),
            "DRIFTCHECK_CACHE_DIR": str(tmp_path / "cache"),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            **(variables or MERGE_REQUEST),
        }
        runner = (
            "git init --quiet",
            f"git remote add origin {project.root}",
            "git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*'",
            "git checkout --quiet --detach origin/branch",
            "chmod 777 . ..",
        )
        assert in_shell(build, environment, runner).returncode == 0
        if cached:
            (build / CACHED).write_bytes(cached)
        done = in_shell(build, environment, [*before, *script])
        after = in_shell(build, environment, JOB["after_script"])
        assert (after.returncode, after.stderr) == (0, "")
        return done, build

    return run


def in_shell(directory, environment, commands):
    """Run commands as the runner does, which gives all accounts the right to write."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail"],
        cwd=directory,
        env=environment,
        input="\n".join(["umask 0000", *commands]),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def move_below_the_top(project, name):
    """Move the project into a directory of its repository, on the base and on the branch."""
    for branch in ("branch", "main"):
        git(project.root, "checkout", "--quiet", branch)
        (project.root / name).mkdir()
        git(project.root, "mv", "alembic.ini", "migrations", "models.py", name)
        project.commit("move")
        shutil.rmtree(project.root / name)


def test_a_gate_that_passes(project, run_job):
    project.commit("branch")
    done, build = run_job()
    assert done.returncode == 0, done.stderr
    assert "no new revisions since origin/main" in done.stdout
    assert json.loads((build / "gl-code-quality-report.json").read_text("utf-8")) == []


def test_a_pipeline_of_the_default_branch(project, run_job):
    project.commit("branch")
    done, _ = run_job(CI_DEFAULT_BRANCH="main")
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("below", [None, "back end"])
def test_a_gate_that_fails_below_any_directory(project, run_job, below):
    project.write({"0002": {"after": "0001"}, "0003": {"after": "0001"}})
    project.commit("branch")
    if below:
        move_below_the_top(project, below)
    done, build = run_job(before=[f"cd '{below}'"] if below else [])
    assert done.returncode == 1, done.stderr
    assert [name for name in REPORTS if not (build / name).is_file()] == []
    entries = json.loads((build / "gl-code-quality-report.json").read_text("utf-8"))
    paths = {entry["location"]["path"] for entry in entries}
    assert f"{below}/migrations/versions/0003.py".removeprefix("None/") in paths
    assert [path for path in paths if not (build / path).is_file()] == []


def test_a_git_that_cannot_fetch(project, run_job):
    """That of the image; and a runner may keep the token to itself."""
    project.commit("branch")
    done, _ = run_job(before=["git remote set-url origin https://127.0.0.1:1/school.git"])
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("script", [JOB["script"], JOB_OF_INIT["script"]], ids=["job", "init"])
def test_a_branch_below_the_name_of_another(project, run_job, script):
    git(project.root, "branch", "base/school")
    project.commit("branch")
    done, _ = run_job(script=script)
    assert done.returncode == 0, done.stderr


def test_the_cache_is_kept_for_the_next_job(project, run_job):
    project.commit("branch")
    done, build = run_job()
    assert "history replay: fresh" in done.stdout, done.stderr
    with tarfile.open(build / CACHED) as archive:
        assert not any("postgresql" in name for name in archive.getnames())
    done, _ = run_job(cached=(build / CACHED).read_bytes())
    assert "history replay: cached" in done.stdout, done.stderr


def test_a_cache_that_is_not_whole(project, run_job):
    project.commit("branch")
    done, build = run_job(cached=b"no archive")
    assert done.returncode == 0, done.stderr
    assert tarfile.is_tarfile(build / CACHED)
