"""The demo: its output, its checks, and that it leaves nothing behind."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy.engine import URL

from driftcheck.cli.demo import demo
from driftcheck.databases.postgresql.shadow import choice
from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private_server import PrivateServer
from driftcheck.demo import environment, run_demo
from driftcheck.demo.developer import Developer
from driftcheck.demo.excerpts import flask_excerpt, migration_excerpt, report_excerpt
from driftcheck.errors import CannotCheckError, ShadowError
from driftcheck.storage.cache_directory import VARIABLE

README = Path(__file__).parents[2] / "README.md"
PICTURE = README.parent / "docs" / "terminal.svg"
DEMO = [sys.executable, "-m", "driftcheck", "demo"]
ERROR = 'column "last_name" of relation "students" already exists'
CUT = "[...]"
ASTRAY = {
    "DATABASE_URL": "postgresql://nobody@nowhere.invalid/nothing",
    "DRIFTCHECK_DATABASE_URL": "postgresql://nobody@nowhere.invalid/nothing",
    "DRIFTCHECK_SHADOW": "same-server",
    "FLASK_APP": "nothing",
    "PGHOSTADDR": "192.0.2.1",
}

pytestmark = pytest.mark.skipif(not embedded_installations(), reason="no embedded PostgreSQL")


class Recorder:
    """A presenter that records the titles of the steps."""

    def __init__(self):
        self.steps = []

    def step(self, title):
        self.steps.append(title)

    def explain(self, text):
        pass

    def command(self, prompt, command):
        pass

    def output(self, text):
        pass


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory for temporary files, and servers that no other test uses."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("demo-cache")))
        temporary = tmp_path_factory.mktemp("demo")
        patch.setenv("TMPDIR", str(temporary))
        patch.setattr("tempfile.tempdir", str(temporary))
        yield temporary
        shutil.rmtree(Account.for_servers().home())


@pytest.fixture(scope="module")
def printed(place, starter):
    """The output of the demo, with settings of other projects in the environment.

    Its commands run in forks that have their imports, which take most of the time of a command.
    """

    def run(developer, arguments):
        program, *rest = arguments
        environment = developer._environment()
        status, output, _ = starter.run(program, rest, developer.checkout, environment, merged=True)
        return status, output

    with pytest.MonkeyPatch.context() as patch, redirect_stdout(StringIO()) as written:
        for name, value in ASTRAY.items():
            patch.setenv(name, value)
        patch.setattr(Developer, "_run", run)
        demo.callback()
    return written.getvalue()


@pytest.fixture
def you(tmp_path):
    return Developer("you", tmp_path, URL.create("postgresql"), Recorder())


def test_the_command_prints_the_same(printed, place):
    done = subprocess.run(
        DEMO, cwd=place, env=os.environ | ASTRAY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert without_numbers(done.stdout) == without_numbers(printed)


def test_the_steps(printed):
    _, *steps = re.split(r"^=== \d\. .* =+$", printed, flags=re.MULTILINE)
    assert len(steps) == 9
    compared, written, failed, repaired = steps[4], steps[5], steps[6], steps[8]
    assert "drift-column-missing" in compared
    assert "exit code 1" in compared
    for name in ("last_name", "age"):
        assert re.search(rf"op\.add_column\(.*sa\.Column\('{name}'", written)
    assert ERROR in failed
    assert "ALTER TABLE public.students ADD COLUMN last_name" in repaired
    assert ERROR not in repaired
    assert repaired.count("✓ in step") == 3


def test_it_is_plain_text_of_80_columns(printed):
    assert [line for line in printed.splitlines() if len(line) > 80] == []
    assert "\x1b" not in printed
    assert "INFO" not in printed
    assert "\n\n\n\n" not in printed


def test_nothing_is_left(printed, place):
    assert_nothing_is_left(place)


def test_the_readme_shows_what_is_printed(printed):
    """Every piece between two cuts is printed, in this order."""
    block = re.search(r"```text\n\$ make demo\n(.*?)\n```", README.read_text(), re.DOTALL)[1]
    rest = without_numbers(printed)
    for piece in without_numbers(block).split(CUT):
        assert piece.strip() in rest, "not printed after the previous piece"
        rest = rest[rest.index(piece.strip()) :]


@pytest.mark.needs("flask-migrate>=4")  # its template writes batches
def test_the_picture_shows_what_is_printed(printed):
    """It has another width, so spaces do not count. ``docs/hooks/write_files.py`` makes it."""
    parts = ET.parse(PICTURE).iterfind(".//{*}g[@class='driftcheck-matrix']/{*}text")  # noqa: S314
    prompt, command, *report = (part.text for part in parts)
    assert f"{prompt}{command}".split() == ["$", "driftcheck", "compare"]
    assert len(report) > 20
    assert without_spaces("".join(report)) in without_spaces(printed)


def without_spaces(text):
    """Without spaces, lines, revision identifiers and server versions."""
    return re.sub(r"\s|─|[0-9a-f]{12}|\d+\.\d+", "", text)


def without_numbers(text):
    """Without revision identifiers and server versions, which differ from run to run."""
    return re.sub(r"(?<![0-9a-f])[0-9a-f]{12}(?![0-9a-f])|\b\d+\.\d+\b", "#", text)


@pytest.mark.parametrize(
    ("way", "moment", "servers"),
    [
        (signal.SIGTERM, "flask db init", 1),
        (signal.SIGINT, "driftcheck compare", 2),
    ],
)
def test_an_interrupt_leaves_nothing(place, way, moment, servers):
    """Neither the demo nor its child processes: compare starts a private server too."""
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        next(line for line in run.stdout if moment in line)
        while run.poll() is None and sum(map(has_databases, running_servers())) < servers:
            time.sleep(0.05)
        run.send_signal(way)
        _, complaint = run.communicate(timeout=60)
    assert run.returncode == 128 + way
    assert "Traceback" not in complaint
    assert_nothing_is_left(place)


def running_servers():
    return [pid.parent for pid in Account.for_servers().home().glob("*/data/postmaster.pid")]


def has_databases(data):
    """Whether the server has more databases than initdb creates."""
    return len(list((data / "base").iterdir())) > 3


def assert_nothing_is_left(place):
    assert list(place.iterdir()) == []
    assert running_servers() == []
    server = PrivateServer.start(embedded_installations()[0])
    try:
        with session(server.url()) as cursor:
            cursor.execute("SELECT datname FROM pg_database ORDER BY 1")
            databases = [name for (name,) in cursor.fetchall()]
        assert databases == ["postgres", "template0", "template1"]
    finally:
        server.stop()


def test_another_result_is_an_error(place, monkeypatch):
    app = environment._app().replace("    last_name = db.Column(db.String(64))\n", "")
    monkeypatch.setattr(environment, "_app", lambda: app)
    recorder = Recorder()
    with pytest.raises(CannotCheckError, match="first_name, last_name, and has id, first_name"):
        run_demo(recorder)
    assert len(recorder.steps) == 1
    assert_nothing_is_left(place)


def test_no_server(monkeypatch):
    monkeypatch.setattr(choice, "embedded_installations", list)
    monkeypatch.setattr(choice, "installed_here", list)
    with pytest.raises(ShadowError) as caught:
        run_demo(Recorder())
    assert "pip install 'driftcheck[embedded]'" in caught.value.hint


def test_a_command_that_says_something_else_is_an_error(you):
    with pytest.raises(CannotCheckError, match="did not print 'Django'") as caught:
        you.run("flask --version", prints=("Flask", "Django"))
    assert "Werkzeug" in caught.value.details


@pytest.mark.parametrize(
    ("command", "exits", "exited"), [("flask nonsense", 0, 2), ("flask --version", 1, 0)]
)
def test_a_command_that_ends_otherwise_is_an_error(you, command, exits, exited):
    with pytest.raises(CannotCheckError, match=f"exited with {exited}"):
        you.run(command, exit_code=exits)


def test_what_matters_flask_excerpt():
    output = f"""\
INFO  [alembic.runtime.migration] Context impl PostgresqlImpl.
INFO  [alembic.autogenerate.compare] Detected added column 'students.age'
INFO  [alembic.ddl.postgresql] Detected sequence named 'students_id_seq'
  Generating migrations/versions/12_add_age.py ...  done
INFO  [alembic.runtime.migration] Running upgrade 11 -> 12, add age
Traceback (most recent call last):
  File "base.py", line 1, in execute
psycopg2.errors.DuplicateColumn: {ERROR}

The above exception was the direct cause of the following exception:
sqlalchemy.exc.ProgrammingError: (psycopg2.errors.DuplicateColumn) {ERROR}
"""
    assert flask_excerpt(output).splitlines() == [
        "Detected added column 'students.age'",
        "Generating migrations/versions/12_add_age.py",
        "Running upgrade 11 -> 12, add age",
        "Traceback (most recent call last):",
        "  ...",
        "psycopg2.errors.DuplicateColumn:",
        f"    {ERROR}",
    ]
    assert flask_excerpt("Traceback (most recent call last):\n  File\nKeyError: 1\n").endswith(
        "\nKeyError: 1"
    )


def test_what_matters_of_a_report():
    report = "app\npostgresql://me@/here\n\n✗ a finding\n\n· a note\ncounts\n✗ 1 finding fails\n"
    assert report_excerpt(report) == "app\n\n✗ a finding\n\n✗ 1 finding fails"
    assert report_excerpt("app\n\nthe end\n") == "app\n\nthe end"


def test_what_matters_of_a_migration():
    text = "def upgrade():\n    op.add_column(1)\n\ndef downgrade():\n    op.drop_column(1)\n"
    assert migration_excerpt(text) == "op.add_column(1)"
