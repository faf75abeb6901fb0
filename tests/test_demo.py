"""The demo, played as a newcomer plays it, and what keeps it from telling what did not happen."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private_server import PrivateServer
from driftcheck.demo import play, scene
from driftcheck.demo.developer import Developer
from driftcheck.demo.trimming import of_driftcheck, of_flask, of_migration
from driftcheck.errors import CannotCheckError, ShadowError
from driftcheck.storage.cache_directory import VARIABLE

README = Path(__file__).parent.parent / "README.md"
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
    """A teller that remembers the steps."""

    def __init__(self):
        self.steps = []

    def step(self, title):
        self.steps.append(title)

    def say(self, text):
        pass

    def typed(self, prompt, command):
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
def told(place):
    """The demo as it is printed, where the environment would lead it astray."""
    done = subprocess.run(
        DEMO, cwd=place, env=os.environ | ASTRAY, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


@pytest.fixture
def you(tmp_path):
    return Developer("you", tmp_path, URL.create("postgresql"), Recorder())


def test_the_story(told):
    _, *steps = re.split(r"^=== \d\. .* =+$", told, flags=re.MULTILINE)
    assert len(steps) == 9
    compared, written, failed, repaired = steps[4], steps[5], steps[6], steps[8]
    assert "drift-column-missing" in compared
    assert "exit code 1" in compared
    assert "batch_op.add_column(sa.Column('last_name'" in written
    assert "batch_op.add_column(sa.Column('age'" in written
    assert ERROR in failed
    assert "ALTER TABLE public.students ADD COLUMN last_name" in repaired
    assert ERROR not in repaired
    assert repaired.count("✓ in step") == 3


def test_it_is_plain_text_of_80_columns(told):
    assert [line for line in told.splitlines() if len(line) > 80] == []
    assert "\x1b" not in told
    assert "INFO" not in told
    assert "\n\n\n\n" not in told


def test_nothing_is_left(told, place):
    assert_nothing_is_left(place)


def test_the_readme_shows_what_is_printed(told):
    """Every piece between two cuts is there, in that order."""
    block = re.search(r"```text\n\$ make demo\n(.*?)\n```", README.read_text(), re.DOTALL)[1]
    rest = without_numbers(told)
    for piece in without_numbers(block).split(CUT):
        assert piece.strip() in rest, "this is not printed, or not after the piece before it"
        rest = rest[rest.index(piece.strip()) :]


def without_numbers(text):
    """A revision and a server are different ones every time."""
    return re.sub(r"\b[0-9a-f]{12}\b|\b\d+\.\d+\b", "#", text)


@pytest.mark.parametrize(
    ("way", "moment", "servers"),
    [
        (signal.SIGTERM, "flask db init", 1),
        (signal.SIGINT, "driftcheck compare", 2),
    ],
)
def test_an_interrupt_leaves_nothing(place, way, moment, servers):
    """Nor does what the demo has started: compare, which makes shadows on a server of its own."""
    with subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as demo:
        next(line for line in demo.stdout if moment in line)
        while demo.poll() is None and sum(map(has_databases, running_servers())) < servers:
            time.sleep(0.05)
        demo.send_signal(way)
        _, complaint = demo.communicate(timeout=60)
    assert demo.returncode == 128 + way
    assert "Traceback" not in complaint
    assert_nothing_is_left(place)


def running_servers():
    return [pid.parent for pid in Account.for_servers().home().glob("*/data/postmaster.pid")]


def has_databases(data):
    """More than initdb makes."""
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


def test_another_story_is_an_error(place, monkeypatch):
    app = scene._app().replace("    last_name = db.Column(db.String(64))\n", "")
    monkeypatch.setattr(scene, "_app", lambda: app)
    recorder = Recorder()
    with pytest.raises(CannotCheckError, match="first_name, last_name, and has id, first_name"):
        play(recorder)
    assert len(recorder.steps) == 1
    assert_nothing_is_left(place)


def test_no_server(monkeypatch):
    monkeypatch.setattr("driftcheck.databases.shadow_choice.embedded_installations", list)
    monkeypatch.setattr("driftcheck.databases.shadow_choice.installed_here", list)
    with pytest.raises(ShadowError) as caught:
        play(Recorder())
    assert "pip install 'driftcheck[embedded]'" in caught.value.hint


def test_a_command_that_says_something_else_is_an_error(you):
    with pytest.raises(CannotCheckError, match="did not print 'Django'") as caught:
        you.run("flask --version", says=("Flask", "Django"))
    assert "Werkzeug" in caught.value.details


@pytest.mark.parametrize(
    ("command", "exits", "exited"), [("flask nonsense", 0, 2), ("flask --version", 1, 0)]
)
def test_a_command_that_ends_otherwise_is_an_error(you, command, exits, exited):
    with pytest.raises(CannotCheckError, match=f"exited with {exited}"):
        you.run(command, exits=exits)


def test_what_matters_of_flask():
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
    assert of_flask(output).splitlines() == [
        "Detected added column 'students.age'",
        "Generating migrations/versions/12_add_age.py",
        "Running upgrade 11 -> 12, add age",
        "Traceback (most recent call last):",
        "  ...",
        "psycopg2.errors.DuplicateColumn:",
        f"    {ERROR}",
    ]
    assert of_flask("Traceback (most recent call last):\n  File\nKeyError: 1\n").endswith(
        "\nKeyError: 1"
    )


def test_what_matters_of_a_report():
    report = "app\npostgresql://me@/here\n\n✗ a finding\n\n· a note\ncounts\n✗ 1 finding fails\n"
    assert of_driftcheck(report) == "app\n\n✗ a finding\n\n✗ 1 finding fails"
    assert of_driftcheck("app\n\nthe end\n") == "app\n\nthe end"


def test_what_matters_of_a_migration():
    text = "def upgrade():\n    op.add_column(1)\n\ndef downgrade():\n    op.drop_column(1)\n"
    assert of_migration(text) == "op.add_column(1)"
