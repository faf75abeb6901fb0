"""A report file is written whole or not at all, and special files are written to directly."""

import os
import resource
import stat
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

from driftcheck.cli.files import write_file
from driftcheck.errors import OutputError

LONG = "report\n" * 1000


@contextmanager
def full_disk():
    """Have the system refuse to let a file grow: its error comes in the middle of the text."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("before", [None, "before"])
def test_a_full_disk_leaves_what_was_there(tmp_path, before):
    path = tmp_path / "report.json"
    if before is not None:
        path.write_text(before)
    with full_disk(), pytest.raises(OutputError, match=r"report\.json: File too large"):
        write_file(path, LONG)
    assert [p.name for p in tmp_path.iterdir()] == ([path.name] if before else [])
    assert before is None or path.read_text() == before


@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_the_permissions_are_those_of_an_ordinary_file(tmp_path, umask):
    old, new = tmp_path / "old", tmp_path / "new"
    old.touch()
    old.chmod(0o640)
    before = os.umask(umask)
    try:
        for path in (old, new):
            write_file(path, "text")
    finally:
        os.umask(before)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o666 & ~umask
    assert sorted(p.name for p in tmp_path.iterdir()) == ["new", "old"]


def test_links_stay_links(tmp_path):
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to(target)
    write_file(link, "one")
    write_file(link, "two")
    assert link.is_symlink()
    assert target.read_text() == "two"


def test_a_text_that_no_encoding_takes(tmp_path):
    write_file(tmp_path / "report", "a\udcffb é")
    assert (tmp_path / "report").read_text() == "a\\udcffb é"


def test_a_fifo(tmp_path):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    read = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    write_file(path, LONG)
    reader.join(timeout=10)
    assert read == [LONG]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_a_directory_where_nothing_can_be_made():
    with tempfile.TemporaryDirectory() as directory:  # not pytest's: others cannot reach that
        path = Path(directory) / "report"
        path.write_text("before")
        path.chmod(0o666)
        Path(directory).chmod(0o555)
        program = (
            "import os; from pathlib import Path; from driftcheck.cli.files import write_file\n"
            f"os.seteuid(65534); write_file(Path({str(path)!r}), 'after')"
        )
        subprocess.run([sys.executable, "-c", program], check=True)
        assert path.read_text() == "after"


@pytest.mark.parametrize(
    ("name", "to"), [("/dev/stdout", "pipe"), ("/dev/fd/1", "pipe"), ("/dev/stdout", "file")]
)
def test_the_names_of_stdout(school, name, to):
    command = ["compare", "--format", f"json={name}", "--format", "sarif=a.sarif"]
    if to == "pipe":
        result = school.run_anew(*command)
        text, status = result.stdout, result.status
    else:
        with (school.root / "out").open("w+") as file:
            done = subprocess.run(
                [sys.executable, "-m", "driftcheck", *command],
                cwd=school.root,
                stdout=file,
                stderr=subprocess.PIPE,
                check=False,
            )
            file.seek(0)
            text, status = file.read(), done.returncode
    assert status == 0
    assert text.startswith("{")
    assert text.endswith("}\n")
    assert not list(school.root.glob(".*.tmp"))
