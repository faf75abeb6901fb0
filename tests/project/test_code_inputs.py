"""What code of a project reads is recorded, and every change of it is noticed."""

import os
import sys

import pytest

from driftcheck.project.code_inputs import CodeInputs
from driftcheck.project.reads import reporting_to


@pytest.fixture
def run(tmp_path):
    """Run code as that of a project, and return what it has read."""

    def run(code):
        inputs = CodeInputs()
        with reporting_to(inputs):
            exec(compile(code, tmp_path / "project.py", "exec"), {"root": tmp_path, "os": os})  # noqa: S102  (the code of the test)
        return inputs

    return run


READS = {
    "a file": ("(root / 'a').read_text()", lambda root: (root / "a").write_text("2")),
    "a missing file": (
        "try: open(root / 'b')\nexcept OSError: pass",
        lambda root: (root / "b").write_text(""),
    ),
    "whether a file exists": (
        "(root / 'b').exists()",
        lambda root: (root / "b").write_text(""),
    ),
    "whether a file may be read": (
        "os.access(root / 'b', os.R_OK)",
        lambda root: (root / "b").mkdir(),
    ),
    "a directory": ("os.listdir(root)", lambda root: (root / "b").write_text("")),
    "an iterator": ("[*root.iterdir()]", lambda root: (root / "a").unlink()),
    "a variable": ("os.environ.get('B')", lambda _: os.environ.update(B="1")),
    "whether a variable is set": ("'B' in os.environ", lambda _: os.environ.update(B="")),
    "all variables": ("dict(os.environ)", lambda _: os.environ.update(A="2")),
}


@pytest.mark.parametrize("name", READS)
def test_a_change_is_noticed(run, tmp_path, monkeypatch, name):
    code, change = READS[name]
    monkeypatch.setenv("A", "1")
    monkeypatch.delenv("B", raising=False)
    (tmp_path / "a").write_text("1")
    recorded = run(code).digests()
    assert CodeInputs().are(recorded)
    try:
        change(tmp_path)
        assert not CodeInputs().are(recorded)
    finally:
        os.environ.pop("B", None)


def test_what_is_not_read_may_change(run, tmp_path, monkeypatch):
    recorded = run("(root / 'a').exists()").digests()
    (tmp_path / "other").write_text("1")
    monkeypatch.setenv("B", "1")
    assert CodeInputs().are(recorded)


def test_values_are_not_kept(run, monkeypatch):
    monkeypatch.setenv("B", "s3cret")
    assert "s3cret" not in str(run("os.environ['B']").digests())


def test_modules_and_places_of_modules_are_inputs(run, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    module = tmp_path / "module_of_project.py"
    module.write_text("A = 1")
    try:
        recorded = run("import module_of_project").digests()
        assert CodeInputs().are(recorded)
        module.write_text("A = 2")
        assert not CodeInputs().are(recorded)
        module.write_text("A = 1")
        assert CodeInputs().are(recorded)
        (tmp_path / "another.py").write_text("")  # it may replace another module
        assert not CodeInputs().are(recorded)
    finally:
        sys.modules.pop("module_of_project", None)


def test_installed_packages_are_inputs(run, tmp_path, monkeypatch):
    place = tmp_path / "site-packages"
    (place / "plugin_of_tests").mkdir(parents=True)
    (place / "plugin_of_tests" / "__init__.py").write_text("A = 1")
    monkeypatch.syspath_prepend(str(place))
    try:
        recorded = run("import plugin_of_tests").digests()
        assert CodeInputs().are(recorded)
        (place / "another-1.0.dist-info").mkdir()
        assert not CodeInputs().are(recorded)
        (place / "another-1.0.dist-info").rmdir()
        assert CodeInputs().are(recorded)
        (place / "plugin_of_tests" / "__init__.py").write_text("A = 22")
        assert not CodeInputs().are(recorded)
    finally:
        sys.modules.pop("plugin_of_tests", None)


def test_a_module_that_only_this_run_has_loaded(run, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "module_of_project.py").write_text("")
    recorded = run("pass").digests()
    assert CodeInputs().are(recorded)
    try:
        later = run("import module_of_project")
        assert not later.are(recorded)
    finally:
        sys.modules.pop("module_of_project", None)


def test_a_file_that_was_changed_in_between(run, tmp_path):
    (tmp_path / "a").write_text("1")
    inputs = run("(root / 'a').read_text()")
    (tmp_path / "a").write_text("22")
    assert inputs.digests() is None


@pytest.mark.parametrize(
    "code",
    [
        "import subprocess; subprocess.run(['true'])",
        "os.system('true')",
        "import sqlite3; sqlite3.connect(':memory:').close()",
        "import socket\ntry: socket.create_connection(('127.0.0.1', 1))\nexcept OSError: pass",
    ],
)
def test_what_asks_others_is_not_recorded(run, code):
    assert run("pass").digests() is not None
    assert run(code).digests() is None


def test_nothing_is_replaced_afterwards():
    before = os.stat, os.environ.__class__.__getitem__
    inner, outer = CodeInputs(), CodeInputs()
    with reporting_to(outer), reporting_to(inner):
        assert os.stat in os.supports_follow_symlinks
        assert os.stat != before[0]
    assert (os.stat, os.environ.__class__.__getitem__) == before
