"""``driftcheck init``: the files that set up driftcheck in a project.

All changes are computed before the first file is written.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from driftcheck.actions.guard.installation import FileChange, installation_in
from driftcheck.actions.init.ci_files import (
    GITHUB_FILE,
    GITLAB_FILE,
    CIJob,
    has_github_job,
    has_gitlab_job,
)
from driftcheck.actions.init.configuration import undetected_settings, with_settings
from driftcheck.actions.init.repository import Hosting, hosting_of, repository_of
from driftcheck.actions.init.requirements import requirements_of
from driftcheck.config.settings import Settings
from driftcheck.databases.location import database_key_of
from driftcheck.databases.registry import database_for
from driftcheck.errors import ConfigurationError
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.progress import Progress

ChooseHosting = Callable[[], Hosting | None]
"""Asks which continuous integration is used; ``None`` if nobody can be asked."""

_PLACEHOLDER_USER, _PLACEHOLDER_HOST = "nobody", "localhost"


@dataclass(frozen=True)
class Setup:
    """What sets up driftcheck in a project.

    Attributes:
        changes: The files to write.
        notes: What is left to the user, each one a text of sentences.
    """

    changes: tuple[FileChange, ...]
    notes: tuple[str, ...]


def setup(
    settings: Settings,
    hosting: Hosting | None,
    choose: ChooseHosting,
    progress: Progress = lambda _: None,
    *,
    guard: bool = True,
) -> Setup:
    """Find out which files set up driftcheck. Nothing is written.

    Args:
        settings: The settings.
        hosting: The continuous integration; ``None`` to detect it.
        choose: Asks for it if it is not detected.
        progress: Called with a short description of each step.
        guard: Whether the line of the guard is added.

    Raises:
        DriftcheckError: The project cannot be loaded.
    """
    repository = repository_of(settings.root)
    changes: list[FileChange] = []
    notes: list[str] = []
    with open_project(settings, progress) as opened:
        pyproject = settings.root / "pyproject.toml"
        changes.append(
            _changed(
                pyproject,
                lambda text: with_settings(text, pyproject, undetected_settings(settings)),
            )
        )
        if guard:
            found = installation_in(opened)
            changes += found.changes
            notes += [f"The guard was not added: {found.by_hand}"] if found.by_hand else []
        hosting = hosting or hosting_of(repository) or choose()
        for each in _ci(opened, repository, hosting):
            if isinstance(each, str):
                notes.append(each)
            else:
                changes.append(each)
    return Setup(tuple(each for each in changes if each.before != each.after), tuple(notes))


def _ci(
    opened: OpenedProject, repository: Path, hosting: Hosting | None
) -> Iterator[FileChange | str]:
    """Yield the change for continuous integration, and notes about it."""
    if hosting is None:
        yield "No CI file was made: name the CI with --ci github or --ci gitlab."
        return
    if hosting is Hosting.NONE:
        return
    dialects = {key.dialect for key in opened.loaded.environment.databases}
    databases = [database_for(dialect) for dialect in dialects]
    if not all(each.is_file or each.has_private_servers for each in databases):
        yield (
            "No CI file was made: the gate needs a server of the project's database system. Start "
            "one in the job, and name it with driftcheck gate --shadow URL (docs/ci.md)."
        )
        return
    is_server = any(each.has_private_servers for each in databases)
    root = opened.loaded.root.resolve()
    requirements = requirements_of(root, "driftcheck[embedded]" if is_server else "driftcheck")
    directory = "" if root == repository else root.relative_to(repository).as_posix()
    job = CIJob(requirements, directory, _variables(opened))
    is_github = hosting is Hosting.GITHUB
    changed = _github(repository, job) if is_github else _gitlab(repository, job)
    if changed is None:
        yield f"No CI job was made: the stages in {GITLAB_FILE} could not be read (docs/ci.md)."
    elif changed.before != changed.after:
        yield changed
        if not requirements.is_known:
            yield (
                "The CI file installs driftcheck only: no requirements.txt, lock file or package "
                "was found. Add the installation of the project to it."
            )


def _github(repository: Path, job: CIJob) -> FileChange:
    directory = repository / GITHUB_FILE.parent
    files = [*directory.glob("*.yml"), *directory.glob("*.yaml")]
    has_job = has_github_job([_read(path) for path in files])
    return _changed(repository / GITHUB_FILE, lambda text: text if has_job else job.github())


def _gitlab(repository: Path, job: CIJob) -> FileChange | None:
    path = repository / GITLAB_FILE
    before = _read(path)
    after = before if has_gitlab_job(before) else job.gitlab(before)
    return None if after is None else FileChange(path, before, after)


def _variables(opened: OpenedProject) -> dict[str, str]:
    """Return the environment variables that name databases of the project, with placeholders.

    The gate connects to none of them, but the project's code may fail without a URL.
    """
    keys = {*opened.loaded.environment.databases}
    read = opened.loaded.read_until_configured.states.get("variable", {})
    found: dict[str, str] = {}
    for name in sorted(read):
        try:
            url = make_url(os.environ.get(name, ""))
        except (ArgumentError, ValueError):
            continue
        if database_key_of(url) in keys:
            if not database_for(url.get_backend_name()).is_file:
                # Arguments of the driver may have secrets too.
                url = url.set(query={}, username=_PLACEHOLDER_USER)
                url = url._replace(password=None, host=_PLACEHOLDER_HOST, port=None)
            found[name] = url.render_as_string(hide_password=False)
    return found


def _changed(path: Path, edit: Callable[[str], str]) -> FileChange:
    before = _read(path)
    return FileChange(path, before, edit(before))


def _read(path: Path) -> str:
    """Return the text of a file; empty if there is none.

    Raises:
        ConfigurationError: The file cannot be read, or is not UTF-8.
    """
    try:
        return path.read_bytes().decode()
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"{path} cannot be read: {error}", hint="driftcheck init changes text in UTF-8 only."
        ) from None
