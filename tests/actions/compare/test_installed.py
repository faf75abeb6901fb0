"""The versions of installed packages: another version is always noticed."""

import importlib
import sys
from importlib.metadata import PackageNotFoundError, version

import pytest

from driftcheck.actions.compare.installed import installed_versions

PACKAGES = ("alembic", "sqlalchemy", "flask-migrate")


def test_each_version_is_the_one_that_python_knows():
    for package, found in zip(PACKAGES, installed_versions(PACKAGES), strict=True):
        assert f"-{version(package)}.dist-info" in found


@pytest.mark.parametrize("name", ["Acme.Tools-1.2.dist-info", "acme_tools-1.2-py3.11.egg-info"])
def test_the_first_one_counts(tmp_path, monkeypatch, name):
    for number in ("first", "second"):
        (tmp_path / number).mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path / each) for each in ("none", "first", "second")])
    (tmp_path / "second" / name.replace("1.2", "1.1")).mkdir()
    assert installed_versions(["acme-tools"]) == [name.replace("1.2", "1.1")]
    (tmp_path / "first" / name).mkdir()
    assert installed_versions(["acme-tools"]) == [name]


def test_a_package_without_a_version_in_its_name_is_read(tmp_path, monkeypatch):
    description = tmp_path / "acme.egg-info"
    description.mkdir()
    (description / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 7\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    importlib.invalidate_caches()
    assert installed_versions(["acme"]) == ["7"]
    with pytest.raises(PackageNotFoundError):
        installed_versions(["acme-tools"])
