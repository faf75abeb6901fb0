"""A cached replay is used only while everything that the revisions have read is unchanged."""

from hashlib import sha256

import pytest

from tests.kept import variables

READS_FILE = """
from pathlib import Path
op.execute((Path(__file__).parents[2] / "sql" / "t.sql").read_text())
"""
LISTS_DIRECTORY = """
import os
for name in sorted(os.listdir("sql")):
    op.execute(f"CREATE TABLE {name.removesuffix('.sql')} (a integer)")
"""
IMPORTS_HELPER = """
from helpers.tables import create
create(op)
"""
READS_MISSING_FILE = """
try:
    name = open("name.txt").read()
except OSError:
    name = "t"
op.execute(f"CREATE TABLE {name} (a integer)")
"""
ASKS_FOR_FILE = """
from pathlib import Path
name = "u" if Path("name.txt").exists() else "t"
op.execute(f"CREATE TABLE {name} (a integer)")
"""
ASKS_PROGRAM = """
import subprocess
subprocess.run(["true"])
op.execute("CREATE TABLE t (a integer)")
"""
CHANGES_FILE = """
from pathlib import Path
file = Path("sql/t.sql")
op.execute(file.read_text())
file.write_text(file.read_text() + " ")
"""
READS_VARIABLE = """
import os
op.execute(f"CREATE TABLE {os.environ['TABLE']} (a integer)")
"""


def write(project, path, text):
    file = project.root / path
    file.parent.mkdir(exist_ok=True)
    file.write_text(text)


def change_file(project):
    write(project, "sql/t.sql", "CREATE TABLE u (a integer)")


def add_file(project):
    write(project, "sql/u.sql", "")


def add_name(project):
    (project.root / "name.txt").write_text("u")


def change_helper(project):
    # Of another size: Python compares times in seconds, and takes what it has compiled before.
    write(project, "helpers/names.py", "NAME = 'u'  # renamed")


def change_nothing(project):
    write(project, "unused.py", "NAME = 'u'")
    project.models("# a change of the models")


@pytest.fixture
def project(sketch):
    made = sketch()
    made.by_hand("CREATE TABLE t (a integer)")
    write(made, "sql/t.sql", "CREATE TABLE t (a integer)")
    write(made, "helpers/__init__.py", "")
    write(made, "helpers/names.py", "NAME = 't'")
    write(
        made,
        "helpers/tables.py",
        "from helpers.names import NAME\n\n"
        "def create(op):\n    op.execute(f'CREATE TABLE {NAME} (a integer)')\n",
    )
    (made.root / "alembic.ini").write_text(
        (made.root / "alembic.ini").read_text() + "prepend_sys_path = .\n"
    )
    return made


def compare(project, table="t"):
    options = "--only-gap", "drift", "--only-gap", "unapplied"
    return project.compare(*options, TABLE=table)


def stamp(project):
    project.by_hand(
        "CREATE TABLE alembic_version (version_num varchar(32) primary key);"
        "INSERT INTO alembic_version VALUES ('0001')"
    )


@pytest.mark.parametrize(
    ("lines", "change", "expected"),
    [
        (READS_FILE, change_file, "renamed"),
        (LISTS_DIRECTORY, add_file, "missing"),
        (IMPORTS_HELPER, change_helper, "renamed"),
        (READS_MISSING_FILE, add_name, "renamed"),
        (ASKS_FOR_FILE, add_name, "renamed"),
    ],
)
def test_a_change_of_what_a_revision_reads(project, lines, change, expected):
    project.revision("0001", lines)
    stamp(project)
    assert compare(project).findings == []
    again = compare(project)
    assert (again.database["replay"], again.findings) == ("cached", [])
    change_nothing(project)
    assert compare(project).database["replay"] == "cached"
    change(project)
    changed = compare(project)
    assert changed.database["replay"] == "fresh"
    assert (f"drift-table-{expected}", "u") in changed.findings


@pytest.mark.parametrize("lines", [ASKS_PROGRAM, CHANGES_FILE], ids=["program", "file"])
def test_what_cannot_be_compared_is_not_cached(project, lines):
    project.revision("0001", lines)
    stamp(project)
    for _ in range(2):
        assert compare(project).database["replay"] == "fresh"


def test_a_change_of_an_environment_variable(project):
    project.revision("0001", READS_VARIABLE)
    stamp(project)
    assert compare(project).findings == []
    assert compare(project).database["replay"] == "cached"
    changed = compare(project, table="u")
    assert changed.database["replay"] == "fresh"
    assert ("drift-table-renamed", "u") in changed.findings


def test_the_cache_has_no_plain_digest_of_a_variable(project, tmp_path):
    project.revision("0001", "import os\nos.environ['SECRET']\n" + READS_VARIABLE)
    stamp(project)
    cache = tmp_path / "cache"
    variables = {"TABLE": "t", "SECRET": "s3cret", "DRIFTCHECK_CACHE_DIR": str(cache)}
    assert project.compare("--only-gap", "drift", **variables).findings == []
    texts = [path.read_text() for path in cache.rglob("*.json")]
    assert any('"SECRET"' in text for text in texts)
    for value in ("s3cret", "=s3cret"):
        assert not any(sha256(value.encode()).hexdigest() in text for text in texts)


@pytest.mark.needs("sqlalchemy>=2")  # knows psycopg 3
def test_a_variable_that_no_code_of_the_project_reads(sketch, pg18):
    """With psycopg 3: driftcheck reads the environment when env.py opens a connection of it."""
    made = sketch(pg18)
    ini = made.root / "alembic.ini"
    ini.write_text(ini.read_text().replace("postgresql+psycopg2:", "postgresql+psycopg:"))
    assert "postgresql+psycopg:" in ini.read_text()
    made.revision("0001", "op.execute('CREATE TABLE t (a integer)')")
    made.upgrade()
    for number in range(2):
        terminal = {"OLDPWD": f"/{number}", "_": f"/bin/{number}", "UNRELATED": str(number)}
        read = made.compare("--only-gap", "drift", **variables(pg18), **terminal)
    assert read.database["replay"] == "cached"


def test_a_revision_that_copies_the_environment(project):
    project.revision(
        "0001", "import os\nprint(dict(os.environ))\nop.execute('CREATE TABLE t (a integer)')"
    )
    stamp(project)
    replays = [
        project.compare("--only-gap", "drift", **variables).database["replay"]
        for variables in (
            {"OTHER": "1", "OLDPWD": "/1"},
            {"OTHER": "1", "OLDPWD": "/2"},
            {"OTHER": "2", "OLDPWD": "/2"},
        )
    ]
    assert replays == ["fresh", "cached", "fresh"]


def test_a_quick_check_sees_a_change_of_what_a_revision_reads(sketch, pg18):
    made = sketch(pg18)
    write(made, "sql/t.sql", "CREATE TABLE t (a integer)")
    made.revision("0001", READS_FILE)
    made.upgrade()
    options = "--only-gap", "drift", "-d", made.url
    for _ in range(2):
        assert made.compare(*options, **variables(pg18)).findings == []
    write(made, "sql/t.sql", "CREATE TABLE u (a integer)")
    changed = made.compare(*options, **variables(pg18))
    assert ("drift-table-renamed", "public.u") in changed.findings
