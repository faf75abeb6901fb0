"""What code reads is recorded: a change of it is noticed, and nothing else is."""

import json
import os
import subprocess
import sys
from contextlib import ExitStack

import pytest

from driftcheck.project.reads import Listener, reporting_to
from driftcheck.project.recording import ProjectRecording
from tests.conftest import ROOT

RECORDS = """
import json, os, runpy, sys, traceback
from driftcheck.project.inputs import inputs_of
from driftcheck.project.reads import Listener, reporting_to
from driftcheck.project.recording import ProjectRecording

def recorded(change):
    sys.path += [os.getcwd(), os.path.abspath("site-packages")]
    recording = ProjectRecording()
    before = dict(os.environ)
    with reporting_to(recording):
        runpy.run_path("code.py")
    os.environ.clear()
    os.environ.update(before)
    inputs = recording.recorded().inputs()
    if inputs is None:
        return "unrepeatable"
    text = json.dumps(inputs.as_json())
    assert "s3cret" not in text
    inputs = inputs_of(json.loads(text))
    assert inputs.unchanged() is not None
    assert recording.finds_unchanged(inputs)
    exec(change)
    return "changed" if inputs.unchanged() is None else "same"

for line in sys.stdin:
    directory, change = json.loads(line)
    if not os.fork():
        os.chdir(directory)
        try:
            answer = recorded(change)
        except BaseException:
            answer = traceback.format_exc()
        print(json.dumps(answer), flush=True)
        os._exit(0)
    os.wait()
"""
"""A process that records code in a fork of its own for each line of its input."""
LATER_RUN = """
from driftcheck.project.reads import reporting_to
from driftcheck.project.recording import ProjectRecording
inputs = ProjectRecording().recorded().inputs()
later = ProjectRecording()
print(later.finds_unchanged(inputs))
with reporting_to(later):
    import local
print(later.finds_unchanged(inputs))
print(later.finds_unchanged(later.recorded().inputs()))
print(ProjectRecording().finds_unchanged(later.recorded().inputs()))  # local ran before it
"""
FILES = {
    "site-packages/acme-1.dist-info/RECORD": "acme.py,sha256=a,1",
    "site-packages/acme.py": "a = 1",
    "a.ini": "a",
    "conf.d/a.ini": "a",
    "extension.so": "not one",
    "lists.py": "import os; os.listdir('conf.d')",
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
    "what a path is": ("Path('a.ini').exists()", "os.remove('a.ini'); os.mkdir('a.ini')"),
    "whether a path is a link": (
        "os.path.islink('a.ini')",
        "os.rename('a.ini', 'b.ini'); os.symlink('b.ini', 'a.ini')",
    ),
    "an iterator": ("[*Path('conf.d').iterdir()]", "os.remove('conf.d/a.ini')"),
    "a directory that a module lists": (
        "import lists",
        "open('conf.d/b.ini', 'w').close()",
    ),
    "a missing directory": (
        "try: os.listdir('empty')\nexcept OSError: pass",
        "os.mkdir('empty')",
    ),
    "a file of a path that leaves a package": (
        "open('site-packages/../site-packages/../a.ini').read()",
        "open('a.ini', 'w').write('b')",
    ),
    "a file of a path that leaves Python": (
        "open(os.path.dirname(os.__file__) + '/..' * 20 + os.path.abspath('a.ini')).read()",
        "open('a.ini', 'w').write('b')",
    ),
    "an extension module": (
        "try: import extension\nexcept ImportError: pass",
        "open('extension.so', 'w').write('not one either')",
    ),
    "a module that appears": ("", "open('local.py', 'w').close()"),
    "an installed package": ("", "os.mkdir('site-packages/other-1.dist-info')"),
    "a line that imports": ("", "open('site-packages/a.pth', 'w').write('import acme')"),
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
    "a directory by descriptor": "os.listdir(os.open(os.path.abspath('.'), os.O_RDONLY))",
    "a pipe": "os.mkfifo('pipe'); os.open(os.path.abspath('pipe'), os.O_RDONLY | os.O_NONBLOCK)",
    "a large file": "open('large', 'wb').truncate(2**29); open('large', 'rb').read(1)",
    "a network in C": "sys.modules['grpc'] = sys",
    "a process that is spawned": "import multiprocessing.popen_spawn_posix",
}


@pytest.fixture(scope="module")
def recorder():
    """The process that records."""
    with subprocess.Popen(
        [sys.executable, "-c", RECORDS],
        env={**os.environ, "PYTHONPATH": str(ROOT), "SET": "s3cret"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def record(recorder, tmp_path):
    """Run code while it is recorded, and make a change: what has become of the inputs?"""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    (tmp_path / "current").symlink_to("releases/1")

    def record(code, change=""):
        (tmp_path / "code.py").write_text(NEEDED + code)
        print(json.dumps([str(tmp_path), change]), file=recorder.stdin, flush=True)
        return json.loads(recorder.stdout.readline())

    return record


@pytest.mark.parametrize(("code", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(record, code, change):
    assert record(code, change) == "changed"


@pytest.mark.parametrize(("code", "change"), NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_was_not_read_may_change(record, code, change):
    assert record(code, change) == "same"


@pytest.mark.parametrize("code", UNREPEATABLE.values(), ids=UNREPEATABLE)
def test_what_cannot_be_read_again(record, code):
    assert record(code) == "unrepeatable"


def test_a_file_that_is_changed_meanwhile(record):
    assert record("open('a.ini').read(); open('a.ini', 'w').write('b')") == "unrepeatable"


def test_code_that_ran_before_may_have_read_anything():
    assert ProjectRecording().recorded().inputs() is None  # this module is such code


def test_a_module_that_only_the_later_run_has_loaded(tmp_path):
    (tmp_path / "local.py").write_text("")
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{tmp_path}"}
    command = [sys.executable, "-c", LATER_RUN]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "False", "True", "False"]


def test_functions_are_wrapped_until_the_last_recording_ends():
    def functions():
        environment = type(os.environ)
        return os.stat, os.readlink, environment.__getitem__, environment.__iter__

    before = functions()
    one, other = ExitStack(), ExitStack()
    one.enter_context(reporting_to(Listener()))
    within = functions()
    assert not set(within) & set(before)
    assert os.stat in os.supports_follow_symlinks
    other.enter_context(reporting_to(Listener()))
    one.close()
    assert functions() == within
    other.close()
    assert functions() == before


def test_every_recording_hears_what_is_read(tmp_path):
    heard = []

    class Hearing(Listener):
        def file_is_opened(self, _frame, path, _mode, _flags):
            heard.append((self, path))
            (tmp_path / "a").read_text()  # not reported: a listener reads it

    first, second = Hearing(), Hearing()
    file = tmp_path / "a"
    file.write_text("a")
    with reporting_to(first):
        with reporting_to(second):
            file.read_text()
        file.read_text()
    file.read_text()
    assert heard == [(first, str(file)), (second, str(file)), (first, str(file))]
