from pathlib import Path

import pytest

from driftcheck.errors import ConfigurationError
from driftcheck.storage import cache_directory as module
from driftcheck.storage.cache_directory import VARIABLE, cache_directory


@pytest.fixture(autouse=True)
def nothing_said(tmp_path, monkeypatch):
    monkeypatch.delenv(VARIABLE)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    monkeypatch.setattr(module.sys, "platform", "linux")


def test_it_is_the_users_own(tmp_path):
    directory = cache_directory()

    assert directory == tmp_path / ".cache" / "driftcheck"
    assert directory.stat().st_mode & 0o777 == 0o700


def test_xdg_names_another(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_directory() == tmp_path / "xdg" / "driftcheck"


def test_a_relative_xdg_is_ignored(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", "xdg")
    assert cache_directory() == tmp_path / ".cache" / "driftcheck"


def test_the_variable_comes_before_all(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv(VARIABLE, str(tmp_path / "mine"))
    assert cache_directory() == tmp_path / "mine"


def test_a_relative_directory_stays_where_it_was_meant(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "mine")
    assert cache_directory() == tmp_path / "mine"


def test_macos_and_windows(tmp_path, monkeypatch):
    monkeypatch.setattr(module.sys, "platform", "darwin")
    assert cache_directory() == tmp_path / "Library" / "Caches" / "driftcheck"
    monkeypatch.setattr(module.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "Local"))
    assert cache_directory() == tmp_path / "Local" / "driftcheck" / "Cache"


def test_where_there_can_be_none_the_variable_is_told(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv(VARIABLE, str(tmp_path / "file" / "cache"))
    with pytest.raises(ConfigurationError, match="no cache directory") as caught:
        cache_directory()
    assert VARIABLE in caught.value.hint


def test_where_there_is_no_home_the_variable_is_told(monkeypatch):
    def homeless():
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(ConfigurationError, match="no home"):
        cache_directory()
