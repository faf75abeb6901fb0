"""The CI files of ``driftcheck init``: stages, requirements, and jobs that exist already."""

import shlex
import sys

import pytest
import yaml

from driftcheck.actions.init.ci_files import CIJob, has_github_job, has_gitlab_job
from driftcheck.actions.init.repository import Hosting, hosting_of, repository_of
from driftcheck.actions.init.requirements import Requirements, requirements_of

JOB = CIJob(Requirements(("pip install driftcheck",)), "", {"URL": "postgresql://nobody@x/y"})


def test_both_files_have_the_version_of_python_and_the_variables():
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert f'python-version: "{version}"' in JOB.github()
    assert f"image: python:{version}\n" in JOB.gitlab("")
    for text in (JOB.github(), JOB.gitlab("")):
        assert 'URL: "postgresql://nobody@x/y" # nothing connects to it\n' in text
        assert "{" not in text.replace("${{", "").replace("origin/{0}", "")


@pytest.mark.parametrize(
    ("before", "stage"),
    [
        ("build:\n  script: make\n", ""),
        ("stages: [build, test]\n", ""),
        ("stages: [build, 'deploy it']\n", "  stage: build\n"),
        ("stages:\n  - lint # first\n  # then\n  - deploy\n\nx:\n  script: y\n", "  stage: lint\n"),
        ("stages:\n- build\n- test\n", ""),
    ],
)
def test_the_job_has_a_stage_that_exists(before, stage):
    text = JOB.gitlab(before)
    assert text.startswith(before.rstrip() + "\n\n# Written by driftcheck init")
    assert f"driftcheck:\n{stage}  image:" in text


@pytest.mark.parametrize("stages", ["stages: !reference [x]", "stages: &a", '"stages": [a]'])
def test_stages_that_cannot_be_read(stages):
    assert JOB.gitlab(f"{stages}\n") is None


def test_line_ends_of_windows_stay():
    text = JOB.gitlab("build:\r\n  script: make\r\n")
    assert text.count("\n") == text.count("\r\n")


def test_a_job_that_exists():
    assert has_gitlab_job(JOB.gitlab(""))
    assert has_gitlab_job("mine:\n  script: driftcheck gate\n")
    assert not has_gitlab_job("build:\n  script: make\n")
    assert has_gitlab_job("include: https://x/driftcheck.gitlab-ci.yml\n")
    assert has_gitlab_job("driftcheck-gate:\n  variables: {}\n")
    assert has_github_job(["", JOB.github()])
    assert has_github_job(["steps:\n  - uses: OWNER/driftcheck/.github/actions/driftcheck@v1\n"])
    assert not has_github_job([])


@pytest.mark.parametrize(
    ("files", "first", "run"),
    [
        (["uv.lock", "pyproject.toml"], "pip install uv", "uv run --no-sync "),
        (["poetry.lock", "requirements.txt"], "pip install poetry", "poetry run "),
        (["requirements.txt", "pyproject.toml"], "pip install -r requirements.txt 'd'", ""),
        (["pyproject.toml"], "pip install . 'd'", ""),
        (["setup.py"], "pip install . 'd'", ""),
        ([], "pip install 'd'", ""),
    ],
)
def test_how_a_project_is_installed(tmp_path, files, first, run):
    for name in files:
        (tmp_path / name).write_text("[project]\nname = 'x'\n" if name.endswith("l") else "")
    found = requirements_of(tmp_path, "d")
    assert (found.install[0], found.run, found.is_known) == (first, run, bool(files))


def test_a_pyproject_that_is_no_package(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.ruff]\n")
    assert not requirements_of(tmp_path, "d").is_known


def test_the_repository_and_its_ci(tmp_path):
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    assert repository_of(inner) == inner
    (tmp_path / ".git").mkdir()
    assert repository_of(inner) == tmp_path
    assert hosting_of(tmp_path) is None
    (tmp_path / ".gitlab-ci.yml").write_text("")
    assert hosting_of(tmp_path) is Hosting.GITLAB
    (tmp_path / ".github").mkdir()
    assert hosting_of(tmp_path) is None


@pytest.mark.parametrize("name", ['a"b: {c}', "a #b", "\U0001f600 it's"])
def test_hostile_names_stay_values(name):
    job = CIJob(Requirements(("x",)), name, {"URL": f"p\n{name}"})
    workflow = yaml.safe_load(job.github())["jobs"]["gate"]
    assert workflow["defaults"]["run"]["working-directory"] == name
    pipeline = yaml.safe_load(job.gitlab(""))["driftcheck"]
    assert pipeline["variables"]["URL"] == f"p\n{name}"
    assert shlex.split(pipeline["script"][0]) == ["cd", name]
    assert pipeline["artifacts"]["reports"]["junit"] == f"{name}/gate.xml"
