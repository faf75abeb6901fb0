"""Odd surroundings: a run comes to the right answer there, or says clearly why it cannot."""

import json
import os
import signal
import subprocess
import sys
import sysconfig
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from driftcheck.databases.postgresql.shadow.account import SERVER_DIRECTORY
from driftcheck.storage.cache_directory import VARIABLE

CHECKOUT = Path(__file__).parents[2]
FOUND, USAGE, CANNOT_CHECK = 1, 2, 3
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can")
linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


@pytest.fixture(params=["file", "private server"])
def any_project(request, sketch):
    return drifted(sketch(None if request.param == "file" else request.getfixturevalue("pg18")))


@pytest.fixture(params=["file", "private server"])
def project(request, sketch):
    """A project with drift; its shadows are files, or on a private server."""
    return drifted(sketch(None if request.param == "file" else request.getfixturevalue("pg18")))


@pytest.fixture
def small_project(sketch):
    """The same with files only: what a test is about has nothing to do with servers."""
    return drifted(sketch())


def drifted(project):
    project.models('Table("schools", metadata, Column("id", Integer, primary_key=True))')
    project.revision(
        "0001", 'op.create_table("schools", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    project.by_hand("ALTER TABLE schools ADD name text")
    return project


@pytest.fixture
def place():
    """A directory that the account of the servers can get to."""
    with tempfile.TemporaryDirectory(prefix="surroundings-") as directory:
        Path(directory).chmod(0o755)
        yield Path(directory)


@pytest.fixture
def own(place):
    """A cache and a place for servers of a test's own."""
    (place / "servers").mkdir()
    (place / "servers").chmod(0o755)
    return {VARIABLE: str(place / "cache"), SERVER_DIRECTORY: str(place / "servers")}


def start(project, first="", options=None, python=sys.executable, **variables):
    """Start driftcheck, after some lines of a shell."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment |= variables
    environment = {name: value for name, value in environment.items() if value is not None}
    command = [python, "-m", "driftcheck", "compare", "--format", "json"]
    return subprocess.Popen(
        ["/bin/sh", "-c", f'{first}\nexec "$@"', "sh", *command],
        cwd=project.root,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **(options or {}),
    )


def end(process):
    stdout, stderr = process.communicate(timeout=120)
    return process.returncode, stdout, stderr


def run(project, **options):
    return end(start(project, **options))


def run_quickly(project, **variables):
    """Run it in a process that has its imports: what is odd is not known before it begins."""
    result = project.run("compare", "--format", "json", **variables)
    return result.status, result.stdout, result.stderr


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


@pytest.mark.soak
def test_eight_runs_at_once(any_project, own):
    started = [start(any_project, **own) for _ in range(8)]
    assert [is_right(end(process)) for process in started] == [True] * 8
    assert not list(Path(own[SERVER_DIRECTORY]).glob("*/*/.s.PGSQL*"))


def test_without_a_home(small_project, own):
    """Where no home is named, the account's own is one."""
    status, *_ = result = run(small_project, **{**own, "HOME": None, "XDG_CACHE_HOME": None})
    assert is_right(result) if status == FOUND else refuses(result, USAGE, VARIABLE)


@linux
def test_with_a_home_that_cannot_be_written(project):
    """Not even root can make anything below /proc."""
    usual = {VARIABLE: None, "XDG_CACHE_HOME": None, SERVER_DIRECTORY: None, "HOME": "/proc/self"}
    assert refuses(run(project, **usual), USAGE, "no cache directory", VARIABLE)


def test_a_home_that_cannot_be_written_does_no_harm_with_a_cache_elsewhere(small_project, own):
    assert is_right(run_quickly(small_project, HOME="/proc/self", **own))


def test_a_umask_that_takes_nothing_away(project, own, place):
    assert is_right(run(project, first="umask 000", **own))
    for path in place.rglob("*"):
        if not path.is_symlink() and not path.is_socket():
            assert not path.stat().st_mode & 0o022, path


@as_root
def test_with_the_path_of_a_plain_su(project, own):
    """Debian's su keeps the PATH of the user, without the programs of the administrator."""
    assert is_right(run(project, **own, PATH="/usr/local/bin:/usr/bin:/bin"))


@pytest.mark.parametrize(
    "name", ["missing", "with spaces", "ö", "closed", "file", "long/" + "x" * 200, "relative"]
)
def test_an_odd_directory_for_temporary_files(small_project, own, tmp_path, name):
    directory = tmp_path / name
    if name == "file":
        directory.touch()
    elif name != "missing":
        directory.mkdir(parents=True)
    if name == "closed":
        directory.chmod(0o500)
    if name == "relative":
        directory = os.path.relpath(directory, small_project.root)
    assert is_right(run_quickly(small_project, TMPDIR=str(directory), **own))


@as_root
def test_root_with_plain_su_s_path(project, own):
    assert is_right(run_quickly(project, PATH="/usr/local/bin:/usr/bin:/bin:/usr/games", **own))


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
def test_a_full_disk_under_the_cache(small_project, own, place):
    with tiny_disk(place / "full", "8k") as full:
        assert is_right(run_quickly(small_project, **{**own, VARIABLE: str(full)}))
        assert not list(full.rglob(".unfinished-*"))


@as_root
@linux
def test_a_full_disk_under_the_shadows(project, own, place):
    with tiny_disk(place / "full", "8k") as full:
        said = {SERVER_DIRECTORY: str(full), "TMPDIR": str(full)}
        status, stdout, stderr = run_quickly(project, **{**own, **said})
        assert (status, stdout) == (CANNOT_CHECK, "")
        assert "No space left on device" in stderr or "disk is full" in stderr
        assert "Traceback" not in stderr
        assert not list(full.glob("driftcheck_shadow*"))


def test_files_that_may_not_grow(small_project, own):
    """As a full disk, for whom nothing can be mounted: no file may have more than 4 kB."""
    status, _, stderr = run(small_project, first="ulimit -f 8", **own)
    assert status in (FOUND, CANNOT_CHECK, -signal.SIGXFSZ), stderr
    assert "Traceback" not in stderr


@as_root
@pytest.mark.parametrize("account", [65534, 12345], ids=["nobody", "an account without a name"])
def test_another_user(small_project, place, account):
    """Neither can write the project, and the second has no entry in any list of accounts."""
    for path in (small_project.root, *small_project.root.parents):
        if path.name.startswith(("pytest-", "popen-", "sketch")):
            path.chmod(0o755)
    (place / "home").mkdir()
    os.chown(place / "home", account, account)
    become = {"user": account, "group": account, "extra_groups": []}
    said = {VARIABLE: None, "XDG_CACHE_HOME": None, "HOME": str(place / "home")}
    said["PYTHONPATH"] = os.pathsep.join((str(CHECKOUT), sysconfig.get_path("platlib")))
    # This Python may be in a home that is closed; the system's runs the same packages.
    code = "import driftcheck.pipeline.check, psycopg2, sys; "
    code += f"assert sys.version_info >= {sys.version_info[:2]}"
    tried = ["/usr/bin/python3", "-c", code]
    try:
        subprocess.run(
            tried, env={"PYTHONPATH": said["PYTHONPATH"]}, check=True, capture_output=True, **become
        )
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("that account cannot run driftcheck")
    process = start(small_project, **said, options=become, python=tried[0])
    assert is_right(end(process))
    assert (place / "home" / ".cache" / "driftcheck").stat().st_uid == account


def test_a_working_directory_that_was_removed(tmp_path):
    gone = tmp_path / "gone"
    gone.mkdir()
    command = f"rmdir '{gone}' && '{sys.executable}' -m driftcheck compare"
    result = subprocess.run(
        ["sh", "-c", command], cwd=gone, capture_output=True, text=True, check=False
    )
    assert result.returncode == USAGE
    assert result.stderr == (
        "driftcheck: the working directory does not exist any more\n"
        "Change to a directory that exists, such as the project's: cd PROJECT\n"
    )
