"""Whose a file is: that of Python, an installed package, driftcheck or the project."""

import os
import sys
from pathlib import Path

import pytest
import sqlalchemy

import driftcheck
from driftcheck.project import origins


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (f"{sys.base_prefix}/src/app/settings.py", True),  # with that of Linux, this is /usr/src
        ("/app/settings.py", True),
        (f"{Path(os.__file__).parent}/../../app/settings.py", True),
        (os.__file__, False),
        ("<frozen importlib._bootstrap>", False),
        (sqlalchemy.__file__, False),
        ("/usr/lib/python3/dist-packages/acme.py", False),
        (driftcheck.__file__, False),
    ],
)
def test_what_is_of_the_project(path, expected):
    assert origins.is_of_project(path) is expected


def test_code_that_finds_the_project_reads_for_it():
    directory = Path(driftcheck.__file__).parent
    assert origins.is_of_driftcheck(str(directory / "project" / "environment.py"))
    assert not origins.is_of_driftcheck(str(directory / "project" / "loading.py"))
