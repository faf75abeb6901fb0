"""Writes the file that has continuous integration check the migrations of a branch."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from driftcheck.actions.init.requirements import Requirements

GITHUB_FILE = PurePosixPath(".github/workflows/driftcheck.yml")
GITLAB_FILE = PurePosixPath(".gitlab-ci.yml")
_GITHUB = """\
# Written by driftcheck init. It checks the migrations of a pull request before they are merged.
name: driftcheck
on:
  pull_request:
  merge_group:

permissions:
  contents: read

jobs:
  gate:
    runs-on: ubuntu-latest
{defaults}    steps:
      - uses: actions/checkout@v7
        with:
          fetch-depth: 0 # the gate needs the merge base
      - uses: actions/setup-python@v7
        with:
          python-version: "{python}"
{install}
      - name: gate
        env:
          # In a merge queue, the base includes the changes that are queued before this one.
          BASE: {base}
{variables}        run: >-
          {run}driftcheck gate --base "$BASE" --format github
          --format markdown=gate.md
      - if: always()
        run: if [ -f gate.md ]; then cat gate.md >> "$GITHUB_STEP_SUMMARY"; fi
"""
_GITHUB_BASE = "${{ github.event.merge_group.base_sha || format('origin/{0}', github.base_ref) }}"
_GITLAB = """\
# Written by driftcheck init. It checks the migrations of a merge request before they are merged.
driftcheck:
{stage}  image: python:{python}
  rules:
    - if: $CI_PIPELINE_SOURCE == "merge_request_event"
  variables:
    GIT_DEPTH: 0 # the gate needs the merge base
{variables}  script:
{install}
    - base=$CI_MERGE_REQUEST_TARGET_BRANCH_NAME
    - git fetch origin "+$base:refs/remotes/origin/$base"
    - {run}driftcheck gate --base "origin/$base" --format terminal --format junit=gate.xml
  artifacts:
    when: always
    reports:
      junit: {report}
"""
_GATE = re.compile(
    r"driftcheck gate|/actions/driftcheck\b|driftcheck\.gitlab-ci\.yml|^driftcheck(-gate)?:",
    re.MULTILINE,
)
"""A command, the Action, the template for GitLab, or the name of a job."""
_PHASES = re.compile(
    r"^stages:(?P<inline>[^\n]*)\n(?P<lines>(?:[ \t]*(?:-[^\n]*|#[^\n]*)?\n)*)", re.MULTILINE
)
_PHASE = re.compile(r"[\w.-][\w. -]*")
_USUAL_PHASE = "test"
_NOTHING_CONNECTS = "nothing connects to it"


@dataclass(frozen=True)
class CIJob:
    """What a job of continuous integration needs.

    Attributes:
        requirements: How the project and driftcheck are installed.
        directory: The project's directory in the repository; empty if it is the repository.
        variables: Environment variables of the project that name its database.
    """

    requirements: Requirements
    directory: str
    variables: Mapping[str, str]

    def github(self) -> str:
        """Return the text of a workflow for GitHub."""
        place = _quoted(self.directory)
        defaults = f"    defaults:\n      run:\n        working-directory: {place}\n"
        return _GITHUB.format(
            defaults=defaults if self.directory else "",
            base=_GITHUB_BASE,
            python=_python(),
            install="\n".join(f"      - run: {each}" for each in self.requirements.install),
            variables=_variables(self.variables, " " * 10),
            run=self.requirements.run,
        )

    def gitlab(self, before: str) -> str | None:
        """Return the text of a ``.gitlab-ci.yml`` with a job for the gate at its end.

        Args:
            before: The text of the file; empty if there is no file.

        Returns:
            ``None`` if the stages of the file cannot be read, so that the stage of the job is not
            known.
        """
        phase = _phase_in(f"{before}\n")
        if phase is None:
            return None
        enter = _quoted(f"cd {shlex.quote(self.directory)}")
        commands = [enter] if self.directory else []
        commands += self.requirements.install
        text = _GITLAB.format(
            stage=f"  stage: {phase}\n" if phase else "",
            python=_python(),
            install="\n".join(f"    - {each}" for each in commands),
            variables=_variables(self.variables, " " * 4),
            run=self.requirements.run,
            report=_quoted(f"{self.directory}/gate.xml") if self.directory else "gate.xml",
        )
        whole = f"{before.rstrip()}\n\n{text}" if before.strip() else text
        return whole.replace("\r\n", "\n").replace("\n", "\r\n") if "\r\n" in before else whole


def has_github_job(texts: list[str]) -> bool:
    """Return whether a workflow runs the gate already, as a command or by the Action."""
    return any(map(_GATE.search, texts))


def has_gitlab_job(text: str) -> bool:
    """Return whether a ``.gitlab-ci.yml`` has the job, includes it, or runs the gate in another."""
    return _GATE.search(text) is not None


def _python() -> str:
    """Return the version of Python that driftcheck runs with: it imports the project."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _quoted(text: str) -> str:
    """Return a text as a scalar of YAML."""
    return json.dumps(text, ensure_ascii=False)  # YAML knows no surrogates, as in "\\ud83d\\ude00"


def _variables(variables: Mapping[str, str], indent: str) -> str:
    return "".join(
        f"{indent}{name}: {_quoted(value)} # {_NOTHING_CONNECTS}\n"
        for name, value in variables.items()
    )


def _phase_in(text: str) -> str | None:
    """Return the stage of the job: empty for the default, ``None`` if stages cannot be read."""
    found = _PHASES.search(text)
    if found is None:
        return None if re.search(r"^(?:\"stages\"|'stages')\s*:", text, re.MULTILINE) else ""
    listed = found["inline"].partition(" #")[0].strip()
    if listed.startswith("[") and listed.endswith("]"):
        names = [name.strip(" \"'") for name in listed[1:-1].split(",") if name.strip()]
    elif listed:
        return None
    else:
        lines = (line.partition(" #")[0].strip() for line in found["lines"].splitlines())
        names = [line[1:].strip(" \"'") for line in lines if line.startswith("-")]
    if not names or not all(map(_PHASE.fullmatch, names)):
        return None
    return "" if _USUAL_PHASE in names else names[0]
