"""What code reads until it names a database: a change of it is noticed, and nothing else is."""

import json
import os
import subprocess
import sys

import pytest

from driftcheck.sources.project_reads import ProjectReads
from tests.conftest import ROOT

OBSERVES = """
import json, os, runpy, sys, traceback
from driftcheck.sources.project_reads import ProjectReads

def observed(change):
    sys.path += [os.getcwd(), os.path.abspath("site-packages")]
    reads = ProjectReads()
    before = dict(os.environ)
    with reads.observed():
        runpy.run_path("code.py")
    os.environ.clear()
    os.environ.update(before)
    inputs = reads.inputs()
    if inputs is None:
        return "unrepeatable"
    assert inputs.are_unchanged
    exec(change)
    return "same" if inputs.are_unchanged else "changed"

for line in sys.stdin:
    directory, change = json.loads(line)
    if not os.fork():
        os.chdir(directory)
        try:
            answer = observed(change)
        except BaseException:
            answer = traceback.format_exc()
        print(json.dumps(answer), flush=True)
        os._exit(0)
    os.wait()
"""
"""A process that observes code in a fork of its own for each line of its input."""
FILES = {
    "site-packages/acme-1.dist-info/RECORD": "acme.py,sha256=a,1",
    "site-packages/acme.py": "a = 1",
    "a.ini": "a",
    "conf.d/a.ini": "a",
    "module.py": "import package.part",
    "package/__init__.py": "",
    "package/part.py": "a = 1",
    "releases/1/a.ini": "1",
    "releases/2/a.ini": "2",
}
NEEDED = """
import os, subprocess, sys
from pathlib import Path
"""
CHANGES = {
    "a file": ("open('a.ini').read()", "open('a.ini', 'w').write('b')"),
    "a file by descriptor": (
        "os.read(os.open(os.path.abspath('a.ini'), os.O_RDONLY), 9)",
        "open('a.ini', 'w').write('b')",
    ),
    "a missing file": (
        "try: open('b.ini')\nexcept OSError: pass",
        "open('b.ini', 'w').write('b')",
    ),
    "whether a file exists": ("os.path.isfile('b.ini')", "open('b.ini', 'w').close()"),
    "whether a path exists": ("Path('b.ini').exists()", "open('b.ini', 'w').close()"),
    "whether a file may be read": ("os.access('b.ini', os.R_OK)", "open('b.ini', 'w').close()"),
    "a module of a module": ("import module", "open('package/part.py', 'w').write('a = 2')"),
    "a missing module": (
        "try: import local\nexcept ImportError: pass",
        "open('local.py', 'w').close()",
    ),
    "a missing module of a package": (
        "try: import package.local\nexcept ImportError: pass",
        "open('package/local.py', 'w').close()",
    ),
    "a directory": ("list(Path('conf.d').glob('*.ini'))", "open('conf.d/b.ini', 'w').close()"),
    "a link": (
        "open('current/a.ini').read()",
        "os.remove('current'); os.symlink('releases/2', 'current')",
    ),
    "the target of a link": (
        "os.readlink('current')",
        "os.remove('current'); os.symlink('releases/2', 'current')",
    ),
    "a variable": ("os.environ['SET']", "os.environ['SET'] = 'b'"),
    "a variable asked for": ("os.getenv('SET')", "del os.environ['SET']"),
    "a missing variable": ("'UNSET' in os.environ", "os.environ['UNSET'] = ''"),
    "a variable in bytes": ("os.environb[b'SET']", "os.environ['SET'] = 'b'"),
    "all variables": ("dict(os.environ)", "os.environ['UNSET'] = 'b'"),
    "all values": ("dict(os.environ)", "os.environ['SET'] = 'b'"),
    "names of variables": (
        "[n for n in os.environ if n.startswith('APP_')]",
        "os.environ['APP_URL'] = 'b'",
    ),
    "a variable in a line of dotenv": (
        "open('.env', 'w').write('A=${SET}'); import dotenv; dotenv.load_dotenv('.env')",
        "os.environ['SET'] = 'b'",
    ),
    "a variable that dotenv does not override": (
        "open('.env', 'w').write('A=a'); import dotenv; dotenv.load_dotenv('.env')",
        "os.environ['A'] = 'b'",
    ),
    "a module of a package": (
        "import acme",
        "os.utime('site-packages/acme.py', (1, 1))",
    ),
    "the record of a package": (
        "",
        "open('site-packages/acme-1.dist-info/RECORD', 'w').write('acme.py,sha256=b,1')",
    ),
    "the path of modules": ("", "sys.path.insert(0, 'conf.d')"),
}
NO_CHANGES = {
    "a file that was not read": ("open('a.ini').read()", "open('conf.d/a.ini', 'w').write('b')"),
    "the value of a listed variable": ("list(os.environ)", "os.environ['SET'] = 'b'"),
    "another variable": ("os.environ['SET']", "os.environ['UNSET'] = 'b'"),
    "a variable of the shell": ("dict(os.environ)", "os.environ['OLDPWD'] = 'b'"),
    "a variable that the code sets": ("os.environ['UNSET'] = 'b'; os.environ['UNSET']", ""),
    "a variable that dotenv copies": (
        "open('.env', 'w').write('A=${SET}'); import dotenv; dotenv.load_dotenv('.env')",
        "os.environ['UNSET'] = 'b'",
    ),
    "a log": ("open('x.log', 'a').write('x')", "open('x.log', 'a').write('y')"),
    "a compiled module": (
        "import module",
        "import py_compile; py_compile.compile('package/part.py')",
    ),
    "the same content again": ("open('a.ini').read()", "open('a.ini', 'w').write('a')"),
    "what a function of os can do": ("assert os.stat in os.supports_follow_symlinks", ""),
    "nothing": ("import ctypes; open('/dev/null').read()", ""),
}
UNREPEATABLE = {
    "a program": "subprocess.run(['true'])",
    "a shell": "os.system('true')",
    "a fork": "os.fork() or os._exit(0)",
    "a server": "import socket\ntry: socket.create_connection(('127.0.0.1', 1))\n"
    "except OSError: pass",
    "a name": "import socket; socket.getaddrinfo('localhost', 1)",
    "a library": "import ctypes; ctypes.CDLL('libc.so.6')",
    "another database": "import sqlite3; sqlite3.connect(':memory:')",
    "the system": "open('/proc/self/stat').read()",
    "a file for writing too": "open('a.ini', 'r+').read()",
    "a path below a descriptor": "os.stat('a.ini', dir_fd=os.open('.', os.O_RDONLY))",
    "a pipe": "os.mkfifo('pipe'); os.open(os.path.abspath('pipe'), os.O_RDONLY | os.O_NONBLOCK)",
    "a large file": "open('large', 'wb').truncate(2**25); open('large', 'rb').read(1)",
    "a network in C": "sys.modules['grpc'] = sys",
    "a process that is spawned": "import multiprocessing.popen_spawn_posix",
}


@pytest.fixture(scope="module")
def observer():
    """The process that observes."""
    with subprocess.Popen(
        [sys.executable, "-c", OBSERVES],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SET": "a"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def observe(observer, tmp_path):
    """Run code while it is observed, and make a change: what has become of the inputs?"""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "current").symlink_to("releases/1")

    def observe(code, change=""):
        (tmp_path / "code.py").write_text(NEEDED + code)
        print(json.dumps([str(tmp_path), change]), file=observer.stdin, flush=True)
        return json.loads(observer.stdout.readline())

    return observe


@pytest.mark.parametrize(("code", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(observe, code, change):
    assert observe(code, change) == "changed"


@pytest.mark.parametrize(("code", "change"), NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_was_not_read_may_change(observe, code, change):
    assert observe(code, change) == "same"


@pytest.mark.parametrize("code", UNREPEATABLE.values(), ids=UNREPEATABLE)
def test_what_cannot_be_read_again(observe, code):
    assert observe(code) == "unrepeatable"


def test_code_that_ran_before_may_have_read_anything():
    assert ProjectReads().inputs() is None  # this module is such code


def test_an_edit_meanwhile_is_noticed(tmp_path):
    file = tmp_path / "revision.py"
    file.write_text("a")
    reads = ProjectReads()
    with reads.observed():
        file.read_text()
    assert not reads.has_changed_files
    file.write_text("b")
    assert reads.has_changed_files
