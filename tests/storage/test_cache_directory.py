import os
import stat
import tempfile
from pathlib import Path

import pytest

from driftcheck.errors import ConfigurationError
from driftcheck.storage import cache_directory as module
from driftcheck.storage.cache_directory import (
    VARIABLE,
    cache_directory,
    read_private,
    weakness_of,
    write_private,
)


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


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give something away")
SOMEBODY = 65534


@pytest.fixture
def mine(tmp_path, monkeypatch):
    directory = tmp_path / "mine"
    monkeypatch.setenv(VARIABLE, str(directory))
    return directory


@pytest.fixture(params=[0o000, 0o002, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield
    os.umask(before)


def test_the_umask_opens_nothing(tmp_path, monkeypatch, umask):
    monkeypatch.setenv(VARIABLE, str(tmp_path / "above" / "mine"))

    write_private(cache_directory() / "replays" / "file", "text")

    for path in (tmp_path / "above", *(tmp_path / "above").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o707])
def test_a_directory_that_others_can_write_is_refused(mine, mode):
    mine.mkdir()
    mine.chmod(mode)
    with pytest.raises(ConfigurationError, match="other accounts can change") as caught:
        cache_directory()
    assert f"{mine} has the mode {mode:04o}" in caught.value.message
    assert VARIABLE in caught.value.hint


def test_a_directory_below_one_that_others_can_write_is_refused(mine):
    mine.parent.chmod(0o777)
    with pytest.raises(ConfigurationError, match="other accounts can change") as caught:
        cache_directory()
    assert f"{mine.parent} has the mode" in caught.value.message


def test_one_of_the_user_s_own_in_a_directory_for_all_is_taken(mine):
    mine.parent.chmod(0o1777)
    assert cache_directory() == mine


@as_root
@pytest.mark.parametrize("whose", ["mine", ""])
def test_a_directory_of_another_account_or_below_it_is_refused(mine, whose):
    mine.mkdir()
    os.chown(mine.parent / whose, SOMEBODY, SOMEBODY)
    try:
        with pytest.raises(ConfigurationError, match="belongs to another account"):
            cache_directory()
    finally:
        os.chown(mine.parent, 0, 0)


@as_root
def test_a_group_s_directory_is_refused(mine):
    mine.mkdir()
    os.chown(mine, 0, SOMEBODY)
    mine.chmod(0o770)
    with pytest.raises(ConfigurationError, match="0770"):
        cache_directory()


def test_a_link_counts_with_all_that_it_leads_through(tmp_path, monkeypatch):
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "cache").mkdir()
    (tmp_path / "link").symlink_to("open/cache")
    (tmp_path / "link to link").symlink_to(tmp_path / "link")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "link to link"))
    assert cache_directory().samefile(tmp_path / "open" / "cache")

    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ConfigurationError, match="open has the mode"):
        cache_directory()


def test_links_in_a_circle_are_told(tmp_path, monkeypatch):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    monkeypatch.setenv(VARIABLE, str(tmp_path / "one"))
    with pytest.raises(ConfigurationError, match="no cache directory"):
        cache_directory()


def test_a_home_that_others_can_change_is_not_used(tmp_path, monkeypatch):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    temporary.chmod(0o1777)
    (tmp_path / "home").mkdir()
    (tmp_path / "home").chmod(0o777)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))

    assert cache_directory() == temporary / f"driftcheck-{os.geteuid()}"
    assert list((tmp_path / "home").iterdir()) == []

    (temporary / f"driftcheck-{os.geteuid()}").chmod(0o777)
    with pytest.raises(ConfigurationError, match="other accounts can change"):
        cache_directory()


def test_what_only_leads_to_a_place_may_be_for_all(tmp_path):
    tmp_path.chmod(0o1777)
    assert weakness_of(tmp_path, is_parent=True) == ""
    assert weakness_of(tmp_path) != ""


def test_a_file_is_read_as_it_was_written(mine):
    write_private(mine / "file", "text")
    assert read_private(mine / "file") == "text"


@pytest.mark.parametrize("how", ["writable", "link", "open directory", "fifo", "theirs"])
def test_a_file_that_is_not_the_user_s_own_is_not_read(mine, how):
    path = mine / "replays" / "file"
    write_private(path, "text")
    if how == "writable":
        path.chmod(0o646)
    elif how == "link":
        path.rename(mine / "elsewhere")
        path.symlink_to(mine / "elsewhere")
    elif how == "open directory":
        path.parent.chmod(0o777)
    elif how == "fifo":
        path.unlink()
        os.mkfifo(path, 0o600)
    elif os.geteuid() == 0:
        os.chown(path, SOMEBODY, SOMEBODY)
    else:
        pytest.skip("only root can give something away")
    with pytest.raises(OSError, match=r"belongs to another account|not a regular file|symbolic"):
        read_private(path)


def test_nothing_is_written_into_a_directory_that_others_can_write(mine):
    write_private(mine / "replays" / "file", "text")
    (mine / "replays").chmod(0o777)
    with pytest.raises(PermissionError, match="belongs to another account"):
        write_private(mine / "replays" / "other", "text")


def test_a_write_that_fails_leaves_nothing(mine):
    write_private(mine / "file", "text")
    with pytest.raises(UnicodeEncodeError):
        write_private(mine / "file", "\ud800")
    assert [path.name for path in mine.iterdir()] == ["file"]
    assert read_private(mine / "file") == "text"


def test_what_a_killed_process_was_writing_is_removed(mine, dead_pid):
    write_private(mine / "file", "text")
    dead, running = (mine / f".unfinished-{pid}-x" for pid in (dead_pid, os.getpid()))
    for path in (dead, running):
        path.touch()

    write_private(mine / "file", "text")

    assert not dead.exists()
    assert running.exists()
