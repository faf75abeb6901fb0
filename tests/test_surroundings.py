"""Odd surroundings: a run comes to the right answer there, or says clearly why it cannot."""

import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest

from driftcheck.databases.postgresql.shadow.account import SERVER_DIRECTORY
from driftcheck.storage.cache_directory import VARIABLE

FOUND, USAGE, CANNOT_CHECK = 1, 2, 3
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can")
linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


@pytest.fixture(params=["file", "private server"])
def project(request, sketch):
    """A project with drift; its shadows are files, or on a private server."""
    maker = None if request.param == "file" else request.getfixturevalue("pg18")
    project = sketch(maker)
    project.models('Table("schools", metadata, Column("id", Integer, primary_key=True))')
    project.revision(
        "0001", 'op.create_table("schools", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    project.by_hand("ALTER TABLE schools ADD name text")
    return project


@pytest.fixture
def own(tmp_path):
    """A cache and a place for servers of a test's own."""
    if os.geteuid() == 0:  # the account of the servers must get there
        for directory in (tmp_path, *tmp_path.parents):
            if directory.name.startswith(("pytest-", "popen-", "test_")):
                directory.chmod(0o755)
    (tmp_path / "servers").mkdir(mode=0o755)
    (tmp_path / "servers").chmod(0o755)
    return {VARIABLE: str(tmp_path / "cache"), SERVER_DIRECTORY: str(tmp_path / "servers")}


def start(project, *arguments, first="", **variables):
    """Start driftcheck, after some lines of a shell."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment |= variables
    environment = {name: value for name, value in environment.items() if value is not None}
    command = [sys.executable, "-m", "driftcheck", "compare", "--format", "json", *arguments]
    return subprocess.Popen(
        ["/bin/sh", "-c", f'{first}\nexec "$@"', "sh", *command],
        cwd=project.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(process):
    stdout, stderr = process.communicate(timeout=120)
    return process.returncode, stdout, stderr


def run(project, *arguments, **options):
    return end(start(project, *arguments, **options))


def is_right(result):
    status, stdout, stderr = result
    assert (status, stderr) == (FOUND, ""), stderr
    (database,) = json.loads(stdout)["databases"]
    return [finding["rule"] for finding in database["findings"]] == ["drift-column-extra"]


def refuses(result, status, *words):
    """Whether it is a clear error: what happened, and what to do next."""
    assert result[0] == status, result
    assert result[1] == ""
    assert "Traceback" not in result[2]
    return all(word in result[2] for word in words)


def test_eight_runs_at_once(project, own):
    started = [start(project, **own) for _ in range(8)]
    assert [is_right(end(process)) for process in started] == [True] * 8
    assert not list(Path(own[SERVER_DIRECTORY]).glob("*/*/.s.PGSQL*"))


def test_without_a_home(project, own):
    assert is_right(run(project, HOME=None, **own))
    said = {**own, VARIABLE: None, "HOME": None, "XDG_CACHE_HOME": None}
    status, *_ = result = run(project, first="unset HOME", **said)
    assert is_right(result) if status == FOUND else refuses(result, USAGE, VARIABLE)


@linux
def test_with_a_home_that_cannot_be_written(project, own):
    """Not even root can make anything below /proc."""
    said = {**own, VARIABLE: None, "HOME": "/proc/self", "XDG_CACHE_HOME": None}
    assert refuses(run(project, **said), USAGE, "no cache directory", VARIABLE)
    assert is_right(run(project, **{**said, **own}))


def test_a_umask_that_takes_nothing_away(project, own):
    assert is_right(run(project, first="umask 000", **own))
    places = [Path(place) for place in own.values()]
    for path in (path for place in places for path in (place, *place.rglob("*"))):
        if path.is_symlink() or stat.S_ISSOCK(path.lstat().st_mode):
            continue
        assert not path.stat().st_mode & 0o022, path


def test_a_umask_that_takes_all_away_from_others(project, own):
    assert is_right(run(project, first="umask 077", **own))


@pytest.mark.parametrize(
    "name", ["missing", "with spaces", "ö", "closed", "file", "long/" + "x" * 200, "relative"]
)
def test_an_odd_directory_for_temporary_files(project, own, tmp_path, name):
    directory = tmp_path / name
    if name == "file":
        directory.touch()
    elif name != "missing":
        directory.mkdir(parents=True)
    if name == "closed":
        directory.chmod(0o500)
    if name == "relative":
        directory = os.path.relpath(directory, project.root)
    assert is_right(run(project, TMPDIR=str(directory), **own))


@as_root
@pytest.mark.skipif(not shutil.which("useradd"), reason="no useradd")
def test_root_with_plain_su_s_path(project, own):
    assert is_right(run(project, PATH="/usr/local/bin:/usr/bin:/bin:/usr/games", **own))


def test_with_no_path_at_all(project, own):
    assert is_right(run(project, PATH=None, **own))


@contextmanager
def tiny_disk(directory, size):
    """A file system that is soon full, where this user may mount one."""
    directory.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", str(directory)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted")
    try:
        yield directory
    finally:
        subprocess.run(["umount", str(directory)], check=True)


@as_root
@linux
def test_a_full_disk_under_the_cache(project, own, tmp_path):
    with tiny_disk(tmp_path / "full", "8k") as full:
        assert is_right(run(project, **{**own, VARIABLE: str(full)}))
        assert not list(full.rglob(".unfinished-*"))


@as_root
@linux
def test_a_full_disk_under_the_shadows(project, own, tmp_path):
    with tiny_disk(tmp_path / "full", "8k") as full:
        said = {SERVER_DIRECTORY: str(full), "TMPDIR": str(full)}
        result = run(project, **{**own, **said})
        assert refuses(result, CANNOT_CHECK, "No space left") or "disk is full" in result[2]
        assert not list(full.glob("driftcheck_shadow*"))
    assert is_right(run(project, **own))


def test_files_that_may_not_grow(project, own):
    """As a full disk, for whom nothing can be mounted: no file may have more than 4 kB."""
    status, _, stderr = run(project, first="ulimit -f 8", **own)
    assert status in (FOUND, CANNOT_CHECK, -signal.SIGXFSZ), stderr
    assert "Traceback" not in stderr
    assert is_right(run(project, **own))
