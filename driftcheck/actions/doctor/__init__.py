"""``driftcheck doctor``: examines everything that driftcheck needs, and says what is missing.

Each check is yielded as soon as it is made. A failed check ends only the checks that need its
result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from driftcheck.actions.doctor.configuration import configuration_check
from driftcheck.actions.doctor.installation import environment_check, versions_check
from driftcheck.actions.doctor.local_files import cache_check, temporary_check
from driftcheck.actions.doctor.project import ProjectExamination
from driftcheck.config.settings import Settings
from driftcheck.errors import DriftcheckError
from driftcheck.judging.diagnosis import Check, Status, failed
from driftcheck.pipeline.progress import Progress
from driftcheck.process.exception_text import exception_lines


def examine(
    load: Callable[[], Settings],
    options: Mapping[str, Any],
    progress: Progress = lambda _: None,
) -> Iterator[Check]:
    """Examine a project, and yield one check after another.

    Args:
        load: Loads the settings; may raise ``DriftcheckError``.
        options: The options of the command line, by the names of ``Settings``.
        progress: Called with a short description of each step.
    """
    yield from _safely("versions", versions_check)
    yield from _safely("environment", environment_check)
    settings: list[Settings] = []

    def loaded() -> Iterable[Check]:
        settings.append(load())
        yield configuration_check(settings[0], options)

    yield from _safely("configuration", loaded)
    cache_works = True
    for check in _safely("cache", cache_check):
        cache_works = check.status is not Status.FAILED
        yield check
    yield from _safely("temporary files", temporary_check)
    missing = _missing(has_settings=bool(settings), cache_works=cache_works)
    if missing:
        yield Check("project", Status.SKIPPED, f"this needs {missing}")
    else:
        yield from _safely("project", ProjectExamination(settings[0], progress).checks)


def _missing(*, has_settings: bool, cache_works: bool) -> str:
    """Return what is missing to load the project; empty if nothing is."""
    if not has_settings:
        return "a valid configuration"
    return "" if cache_works else "a cache directory"


def _safely(name: str, checks: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """Yield checks. An exception becomes a failed check, so that the next ones are made."""
    try:
        yield from checks()
    except DriftcheckError as error:
        yield failed(name, error)
    except Exception as error:  # noqa: BLE001  (doctor is for whatever is broken)
        first, *_ = exception_lines(error)
        yield Check(
            name,
            Status.FAILED,
            f"internal error: {first}",
            remedy="This is a bug in driftcheck. Report it with this output.",
        )
