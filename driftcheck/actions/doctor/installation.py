"""Checks the versions of what driftcheck works with, and the environment that it runs in."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from driftcheck import __version__
from driftcheck.judging.diagnosis import Check, Status

_PACKAGES = (
    ("SQLAlchemy", "sqlalchemy"),
    ("Alembic", "alembic"),
    ("Flask", "flask"),
    ("Flask-Migrate", "flask-migrate"),
    ("Flask-SQLAlchemy", "flask-sqlalchemy"),
)


def versions_check() -> Iterator[Check]:
    """Yield the versions of driftcheck, Python and the libraries."""
    installed = [(shown, version_of(name)) for shown, name in _PACKAGES]
    found = [f"driftcheck {__version__}", f"Python {platform.python_version()}"]
    found += [f"{shown} {number}" for shown, number in installed if number]
    yield Check("versions", Status.OK, ", ".join(found))


def environment_check() -> Iterator[Check]:
    """Yield whether driftcheck runs in the virtual environment that is active."""
    active, own = os.environ.get("VIRTUAL_ENV"), Path(sys.prefix)
    if active and Path(active).resolve() != own.resolve():
        yield Check(
            "environment",
            Status.WARNING,
            f"driftcheck runs in {own}, and the active virtual environment is {active}",
            remedy="driftcheck imports the project, so it must be installed where the project is: "
            "python -m pip install driftcheck in the active environment.",
        )
    else:
        yield Check("environment", Status.OK, str(own))


def version_of(*distributions: str) -> str:
    """Return the version of the first distribution that is installed; empty if none is."""
    for name in filter(None, distributions):
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""
