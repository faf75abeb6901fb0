"""The quick check of the project's own database: the right one, or the project's code is asked."""

import json
import shutil
from pathlib import Path
from urllib.parse import quote

import pytest

from driftcheck.actions.compare.project_url import PasswordPlace, _positions

pytestmark = pytest.mark.soak  # a check and a quick check for each way to name a database

FLASK = Path(__file__).parents[2] / "projects" / "flask" / "base"
LEAVES_TRACE = "open('ran.txt', 'a').write('x')\n"
CREATES = 'op.create_table("students", sa.Column("id", sa.Integer, primary_key=True))'
MODELS = 'Table("students", metadata, Column("id", Integer, primary_key=True))'
PASSWORD = "p@ss w0rd:41%"
PART = "w0rd"
"""A part of it that is not written in another way in a URL."""
DRIFT = [("drift-column-extra", "public.students.age")]
USES_URL = """
from alembic import context
from sqlalchemy import create_engine
from settings import url
with create_engine(url).connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
"""
SETTINGS_CLASSES = """
import os
class Settings:
    def __init__(self):
        self.url = os.environ[self.variable]
class Production(Settings):
    variable = "PRODUCTION_URL"
class Testing(Settings):
    variable = "TESTING_URL"
url = {"production": Production, "testing": Testing}[os.getenv("APP_ENV", "production")]().url
"""
PYDANTIC = """
import os
from pydantic import BaseModel
class Settings(BaseModel):
    database_url: str
variables = {name.lower(): value for name, value in os.environ.items()}
url = Settings(**{key: variables[key] for key in Settings.model_fields}).database_url
"""
MAY_INCLUDE = """
try:
    from local_settings import url
except ImportError:
    import os
    url = os.environ["DATABASE_URL"]
"""
FROM_PARTS = """
import os
from sqlalchemy import URL
place = eval(open("place.py").read())
url = URL.create("postgresql", "postgres", os.environ["DB_PASSWORD"], **place)
"""
FROM_PROGRAM = """
import subprocess
url = subprocess.run(["cat", "url.txt"], capture_output=True, text=True).stdout
"""
FROM_DATABASE = """
from sqlalchemy import create_engine
url = {url!r}
with create_engine("postgresql://registry@registry.invalid/registry").connect():
    pass
"""
PASSWORD_IN_NO_INPUT = """
from sqlalchemy import make_url
url = make_url({url!r}).set(password="".join(["not ", "written"]))
"""
FROM_INPUT = "url = open('/dev/stdin').read() or {url!r}"
X_ARGUMENT = """
import os
from alembic import context
url = os.environ[context.get_x_argument(as_dictionary=True).get("tenant", "DATABASE_URL")]
"""
DOTENV = """
import os
from dotenv import load_dotenv
load_dotenv("live.env")
url = os.environ["DATABASE_URL"]
"""


class Asker:
    """A project, a database in step and a drifted one, and what a check of drift comes to."""

    def __init__(self, project, shadow, cache):
        self.project, self.root, self.cache = project, project.root, cache
        self.right = project.live.url
        self.run = project.run
        self.variables = {"DRIFTCHECK_CACHE_DIR": str(cache), "DRIFTCHECK_SHADOW": shadow}

    def write(self, name, text):
        (self.root / name).write_text(text)

    def settings(self, text):
        """Let env.py take the URL from a module of settings."""
        self.write("migrations/env.py", LEAVES_TRACE + USES_URL)
        self.write("settings.py", text)

    def ask(self, *options, **variables):
        """Return the findings, and whether the project's code was left alone."""
        trace = self.root / "ran.txt"
        trace.unlink(missing_ok=True)
        options = ("--format", "json", "--only-gap", "drift", *options)
        self.result = self.run("compare", *options, **self.variables, **variables)
        assert self.result.stdout, self.result.stderr
        return self.result.findings, not trace.exists()


@pytest.fixture(scope="module")
def databases(sketch, pg18):
    """The URLs of a database in step, and of one that has drifted."""
    step, drifted = sketch(pg18), sketch(pg18)
    for project in (step, drifted):
        project.revision("0001", CREATES)
        project.upgrade()
    drifted.by_hand("ALTER TABLE students ADD age integer")
    return step.url, drifted.url


@pytest.fixture
def asker(sketch, pg18, tmp_path, databases):
    project = sketch(pg18)
    project.models(MODELS)
    project.revision("0001", CREATES)
    shadow = pg18.server.set(database="postgres").render_as_string(hide_password=False)
    return Asker(project, shadow, tmp_path)


def check_change(asker, before=None, after=None, change=lambda: None, options=()):
    """Ask twice about the database in step; after a change, it is the drifted one.

    Args:
        asker: The project.
        before: The environment variables at first.
        after: The environment variables after the change.
        change: What changes besides the variables.
        options: The options after the change, in addition.
    """
    assert asker.ask(**before or {}) == ([], False)
    assert asker.ask(**before or {}, UNRELATED="x") == ([], True)
    change()
    assert asker.ask(*options, **after or before or {}) == (DRIFT, False)


def test_a_variable(asker, databases):
    asker.settings("import os\nurl = os.environ['DATABASE_URL']")
    right, wrong = ({"DATABASE_URL": url} for url in databases)
    check_change(asker, right, {**wrong, "OTHER": "x"})


def test_a_damaged_cache(asker, databases):
    asker.settings(f"url = {databases[0]!r}")
    assert asker.ask() == ([], False)
    for file in (asker.cache / "quick_checks").iterdir():
        file.write_text(json.dumps(json.loads(file.read_text()) | {"project_url": {"url": ""}}))
    assert asker.ask() == ([], False)
    assert asker.ask() == ([], True)


def test_a_line_of_dotenv(asker, databases):
    asker.settings(DOTENV)
    right, wrong = databases
    asker.write("live.env", f"DATABASE_URL={right}\n")
    check_change(asker, change=lambda: asker.write("live.env", f"DATABASE_URL={wrong}\n"))
    assert asker.ask(DATABASE_URL=right) == ([], False)


def test_the_configuration_of_alembic(asker, databases):
    right, wrong = databases
    env = asker.root / "migrations" / "env.py"
    env.write_text(LEAVES_TRACE + env.read_text())
    asker.project.name_database(right)
    check_change(asker, change=lambda: asker.project.name_database(wrong))


def test_a_class_of_settings(asker, databases):
    asker.settings(SETTINGS_CLASSES)
    urls = dict(zip(("PRODUCTION_URL", "TESTING_URL"), databases, strict=True))
    check_change(asker, urls, {**urls, "APP_ENV": "testing"})
    assert asker.ask(**urls) == ([], False)
    asker.write("settings.py", SETTINGS_CLASSES.replace('"PRODUCTION_URL"', '"TESTING_URL"'))
    assert asker.ask(**urls) == (DRIFT, False)


def test_settings_that_read_all_variables(asker, databases):
    asker.run = asker.project.run_anew  # the import of pydantic reads variables too
    asker.settings(PYDANTIC)
    right, wrong = ({"DATABASE_URL": url} for url in databases)
    assert asker.ask(**right) == ([], False)
    assert asker.ask(**right) == ([], True)
    assert asker.ask(**wrong) == (DRIFT, False)


def test_a_module_that_appears(asker, databases):
    asker.settings(MAY_INCLUDE)
    right = {"DATABASE_URL": databases[0]}
    local = f"url = {databases[1]!r}"
    check_change(asker, right, change=lambda: asker.write("local_settings.py", local))


def test_an_x_argument(asker, databases):
    asker.settings(X_ARGUMENT)
    urls = dict(zip(("DATABASE_URL", "OTHER"), databases, strict=True))
    check_change(asker, urls, options=("-x", "tenant=OTHER"))


def test_a_url_of_parts(asker, databases):
    asker.settings(FROM_PARTS)
    places = [
        repr({"database": url.database, "query": dict(url.query)})
        for url in (asker.project.live.url.set(database=name) for name in map(_name, databases))
    ]
    asker.write("place.py", places[0])
    password = {"DB_PASSWORD": PASSWORD}
    check_change(asker, password, change=lambda: asker.write("place.py", places[1]))
    files = [path for path in asker.cache.rglob("*") if path.is_file()]
    assert any('"name": "DB_PASSWORD"' in file.read_text() for file in files)
    assert not any(PART in file.read_text() for file in files)


def _name(url):
    return url.rpartition("/")[2].partition("?")[0]


def test_where_libpq_finds_the_server(asker, databases):
    """Its environment is read when the quick check connects, as when the full one does."""
    asker.settings("url = 'postgresql://'")
    url = asker.project.live.url
    place = {
        "PGHOST": url.query["host"],
        "PGPORT": str(url.port or url.query.get("port", "")),
        "PGUSER": url.username,
    }
    right, wrong = ({**place, "PGDATABASE": _name(url)} for url in databases)
    check_change(asker, right, wrong)


@pytest.mark.parametrize(
    "settings",
    [FROM_PROGRAM, FROM_DATABASE, PASSWORD_IN_NO_INPUT, FROM_INPUT],
    ids=["program", "database", "password", "stdin"],
)
def test_what_cannot_be_read_again(asker, databases, settings):
    asker.settings(settings.replace("{url!r}", repr(databases[0])))
    asker.write("url.txt", databases[0])
    for _ in range(2):
        assert asker.ask() == ([], False)


def test_an_app_of_flask(asker, databases):
    (asker.root / "alembic.ini").unlink()
    shutil.copytree(FLASK, asker.root, dirs_exist_ok=True)
    env = asker.root / "migrations" / "env.py"
    env.write_text(LEAVES_TRACE + env.read_text())
    (asker.root / "migrations" / "versions" / "0001_students.py").unlink()
    asker.write(".env", f"DATABASE_URL={databases[0]}\n")
    change = f"DATABASE_URL={databases[1]}\n"
    check_change(asker, change=lambda: asker.write(".env", change))


@pytest.mark.parametrize(
    "text",
    [
        PASSWORD,
        f"PASSWORD='{PASSWORD}'\n",
        f"url = postgresql://u:{quote(PASSWORD, safe='')}@h/x",
        f"url = postgresql://u:{quote(PASSWORD, safe=' ')}@h/x".replace(" ", "+").replace(
            "+", "%20"
        ),
        f"url = postgresql://u:{quote(PASSWORD, safe='').replace('%', '%%')}@h/x",
    ],
)
def test_the_password_is_found_where_it_is(tmp_path, text):
    file = tmp_path / "settings"
    file.write_text(text)
    positions = list(_positions(PASSWORD, text))
    assert positions
    for position in positions:
        assert PasswordPlace("file", str(file), *position).password() == PASSWORD
