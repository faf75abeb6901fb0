"""Modules of the base are imported from its checkout, also those for which a task is waiting."""

import sys
from importlib.util import find_spec

import pytest

from driftcheck.actions.gate.running_code.base_imports import BaseImports
from driftcheck.project.interception.drivers import _Finder


@pytest.mark.parametrize("first", ["base", "drivers"])
def test_a_driver_is_found_beside_the_finder_of_drivers(tmp_path, monkeypatch, first):
    """Each of the two finders asks others, and must not ask the one that asks it."""
    repository, checkout = tmp_path / "repository", tmp_path / "checkout"
    for place in (repository, checkout):
        place.mkdir()
        (place / "a_driver.py").touch()
    finders = [BaseImports(repository, checkout), _Finder({"a_driver": print})]
    monkeypatch.setattr(
        sys, "meta_path", [*finders[:: 1 if first == "base" else -1], *sys.meta_path]
    )
    monkeypatch.syspath_prepend(str(repository))
    assert find_spec("a_driver").origin == str(checkout / "a_driver.py")
