"""Tells which versions of packages are installed, from the names of the files that describe them.

The function ``importlib.metadata.version`` reads such a file. Importing this module takes a tenth
of the time of a quick check.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence

_DESCRIPTION = re.compile(r"([^-]+)-(\d[^-]*)(?:-.*)?\.(?:dist|egg)-info", re.IGNORECASE)
"""Source: Python Packaging User Guide, Recording installed projects."""
_SEPARATORS = re.compile(r"[-_.]+")


def installed_versions(packages: Sequence[str]) -> list[str]:
    """Return the versions of packages, each as the name of what describes the package.

    Args:
        packages: The names of the packages.

    Raises:
        PackageNotFoundError: A package is not installed.
    """
    wanted = {*map(_normalized, packages)}
    found: dict[str, str] = {}
    for directory in sys.path:
        for name in _names(directory or "."):
            match = _DESCRIPTION.fullmatch(name)
            if match is not None and (package := _normalized(match[1])) in wanted:
                found.setdefault(package, name)  # Python imports the first one
    return [found.get(_normalized(package)) or _version(package) for package in packages]


def _normalized(package: str) -> str:
    return _SEPARATORS.sub("-", package).lower()


def _names(directory: str) -> Iterator[str]:
    try:
        yield from sorted(os.listdir(directory))  # noqa: PTH208
    except OSError:  # an archive, or missing
        return


def _version(package: str) -> str:
    """Return the version of a package that has no such name: it is in an archive, for example."""
    from importlib.metadata import version  # noqa: PLC0415  (see above)

    return version(package)
