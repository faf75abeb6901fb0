"""What the project's code does wrong is reported with its cause and with what to do next."""

import shutil

import pytest

USAGE, CANNOT_CHECK = 2, 3
ID = 'Column("id", Integer, primary_key=True)'


@pytest.fixture(scope="module")
def school(sketch):
    project = sketch()
    project.revision(
        "0001", 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    return project


def fails(project, *words, options=(), status=CANNOT_CHECK, **variables):
    result = project.compare(*options, **variables)
    shown = " ".join(result.stderr.split())
    assert result.status == status, result
    assert result.stdout == ""
    assert "Traceback" not in shown
    for word in words:
        assert word in shown
    return shown


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (
            'import os\nurl = os.environ["DATABASE_URL"]',
            [
                "KeyError: 'DATABASE_URL'",
                "models.py, line 5",
                "Set the environment variable DATABASE_URL",
                "nothing is connected to it",
                "--only-gap pending",
            ],
        ),
        (
            'import os\nkey = os.environ["SECRET_KEY"]',
            ["Set the environment variable SECRET_KEY", "any value will do"],
        ),
        (
            'raise RuntimeError("Set the DB_HOST environment variable")',
            ["Set the environment variable DB_HOST", "nothing is connected to it"],
        ),
        (
            'raise LookupError("APP_DATABASE_DSN not found. Declare it as envvar")',
            ["Set the environment variable APP_DATABASE_DSN"],
        ),
        (
            'raise RuntimeError("SHOP_DATABASE is not set")',
            ["If SHOP_DATABASE is an environment variable, set it"],
        ),
        (
            "raise RuntimeError(\"'API_KEY' must be set\")",
            ["If API_KEY is an environment variable, set it", "any value will do"],
        ),
        (
            'import os\nengine = create_engine(os.environ.get("NO_SUCH_URL"))',
            ["passes None to SQLAlchemy instead of a database URL"],
        ),
        (
            'engine = create_engine("postgres://me:s3cr3t@nowhere/shop")',
            ["SQLAlchemy does not accept postgres://. Write postgresql://"],
        ),
        (
            'engine = create_engine("postgres+psycopg2://me:s3cr3t@nowhere/shop")',
            ["Write postgresql+psycopg2://"],
        ),
        (
            'engine = create_engine("postgresql://a:5433,b:5434/shop")',
            ["several hosts", "?host=HOST1:PORT1&host=HOST2:PORT2"],
        ),
        (
            'Table("visits", metadata, autoload_with=create_engine("sqlite:///live.db"))',
            ["NoSuchTableError: visits", "Declare the table in the models with its columns"],
        ),
        (
            'create_engine("sqlite:///live.db").connect().exec_driver_sql("SELECT * FROM visits")',
            ["no such table: visits", "no tables while the code is imported"],
        ),
        (
            "raise KeyError('url')",
            ["Set sqlalchemy.url in Alembic's configuration file"],
        ),
        (
            'create_engine("driver://user:s3cr3t@localhost/dbname")',
            ["Set sqlalchemy.url in Alembic's configuration file"],
        ),
        (
            'create_engine("")',
            ["passes an empty or malformed URL", "-c package.module:callable"],
        ),
        (
            "context_attributes = {}\ncontext_attributes['connection']",
            ["give driftcheck a function that returns this program's Config"],
        ),
        (
            'import configparser as c\nc.ConfigParser({"url": "%s3cr3t"})["DEFAULT"]["url"]',
            ["the value of url in the section DEFAULT", "Write each % of a value", "as %%"],
        ),
        (
            'import psycopg2\npsycopg2.connect("host=nowhere dbname=shop")',
            [
                "connect with psycopg2",
                "redirects only the connections of SQLAlchemy",
                "op.get_bind()",
                "skip this code",
            ],
        ),
        (
            "import asyncio, asyncpg\nasyncio.run(asyncpg.connect('postgresql://127.0.0.1:1/x'))",
            ["redirects only the connections of SQLAlchemy", "op.get_bind()"],
        ),
    ],
)
def test_what_the_models_do_wrong_when_they_are_imported(school, lines, words):
    school.models(lines)
    shown = fails(school, *words, OTHER_DATABASE="postgresql://127.0.0.1:1/x")
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    "lines",
    [
        'names = {}\nnames["SECRET_KEY"]',
        'raise ValueError("the NAME_OF_SCHOOL is wrong")',
        'raise RuntimeError("PATH_OF_SCHOOL is not set")',
        'raise LookupError("the table USER_ACCOUNTS is missing")',
        'raise LookupError("USER_ACCOUNTS not found")',
    ],
)
def test_no_variable_is_named_without_a_reason(school, lines):
    """A key of another mapping, another message, a variable that is set."""
    school.models(lines)
    shown = fails(school, "models.py", PATH_OF_SCHOOL="x")
    assert "environment variable" not in shown


@pytest.fixture
def env_py(school):
    """The file env.py of the project, which is restored at the end."""
    path = school.root / "migrations" / "env.py"
    text = path.read_text()
    yield path
    path.write_text(text)


def test_an_env_py_that_expects_a_connection(school, env_py):
    school.models("")
    env_py.write_text(
        "from alembic import context\nimport models\n"
        "with context.config.attributes.get('connection').connect() as connection:\n    pass\n"
    )
    fails(school, "env.py", "'connect'", "-c package.module:callable")


def test_a_script_location_of_another_directory(school):
    shutil.copytree(school.root / "migrations", school.root / "sub" / "history")
    (school.root / "sub" / "alembic.ini").write_text("[alembic]\nscript_location = history\n")
    words = "script_location is relative to the current directory", "%(here)s/history"
    fails(school, *words, options=("-c", "sub/alembic.ini"), status=USAGE)


def test_the_advice_about_a_missing_variable_works(school):
    school.models(
        'import os\nurl = os.environ["DATABASE_URL"]\nTable("students", metadata, ' + ID + ")"
    )
    values = {"DATABASE_URL": "postgresql://anything"}
    assert school.compare(**values, DRIFTCHECK_DATABASE_URL=school.url).status == 0


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (
            "class Base:\n    pass\nmetadata = Base",
            ["is the class Base, not a MetaData", "target_metadata = Base.metadata"],
        ),
        (
            "class Store:\n    pass\nmetadata = [Store]",
            ["contains the class Store, not a MetaData", "target_metadata = Base.metadata"],
        ),
        (
            "class Model:\n    metadata = metadata\nmetadata = Model",
            ["is the class Model, not a MetaData", "target_metadata = Model.metadata"],
        ),
        ('metadata = "models"', ["an object of the class str 'models'", "Base.metadata"]),
        (
            f'metadata = [Table("pupils", metadata, {ID})]',
            ["contains an object of the class Table", "not a MetaData"],
        ),
        (
            (
                "class SQLAlchemy:\n    session = None\n"
                "database = SQLAlchemy()\ndatabase.metadata = metadata\nmetadata = database"
            ),
            ["an object of the class SQLAlchemy", "target_metadata = db.metadata"],
        ),
    ],
)
def test_a_target_that_is_no_metadata(school, target, words):
    school.models(target)
    fails(school, "target_metadata", *words)
    drift = school.compare("--only-gap", "drift")
    assert drift.status == 0, "drift needs no models"


@pytest.mark.parametrize(
    ("models", "words"),
    [
        (
            (
                "from sqlalchemy.dialects.postgresql import HSTORE\n"
                f'Table(\n    "pupils", metadata, {ID},\n    Column("tags", HSTORE),\n)'
            ),
            ["column tags of table pupils", "models.py, line 7", "sqlite"],
        ),
        (
            f'Table("pupils", metadata, {ID}, Column("kind"))',
            ["column kind of table pupils", "models.py, line 4"],
        ),
        (
            f'Table("pupils", metadata, {ID},\n    Column("of", ForeignKey("nowhere.id")))',
            ["table pupils", "models.py, line", "nowhere"],
        ),
    ],
)
def test_models_without_ddl(school, models, words):
    school.models(models)
    fails(school, "SQLAlchemy cannot write", *words)


def test_a_revision_that_no_file_has(school):
    school.models(f'Table("students", metadata, {ID})')
    school.revision("0002", "pass", after="0000")
    file = school.root / "migrations" / "versions" / "0002.py"
    try:
        fails(school, "KeyError: '0000'", "no file has this revision", "git log --all", "-S0000")
    finally:
        file.unlink()


CONFIGURATIONS = """
from alembic.config import Config

number = 5


def right():
    return Config("alembic.ini")


def nothing():
    return None


def text():
    return "alembic.ini"


def raises():
    raise LookupError("no tenant is chosen")


def exits():
    raise SystemExit(3)


def needs(tenant):
    return Config("alembic.ini")
"""


@pytest.mark.parametrize(
    ("named", "status", "words"),
    [
        ("nowhere:right", CANNOT_CHECK, ["-c nowhere:right", "there is no module 'nowhere'"]),
        ("builders.sub:right", CANNOT_CHECK, ["builders.sub", "there is no module"]),
        ("imports:right", CANNOT_CHECK, ["importing imports", "No module named 'not_installed'"]),
        ("builders:wrong", USAGE, ["module builders has no attribute 'wrong'", "-c"]),
        ("builders:", USAGE, ["builders", "package.module:callable"]),
        ("builders:number", USAGE, ["-c builders:number", "int", "cannot be called"]),
        ("builders:nothing", USAGE, ["-c builders:nothing returned None", "alembic.config.Config"]),
        ("builders:text", USAGE, ["returned an object of the class str"]),
        (
            "builders:raises",
            CANNOT_CHECK,
            ["calling builders:raises, the value of -c, failed", "no tenant", "builders.py, line"],
        ),
        ("builders:exits", CANNOT_CHECK, ["calling builders:exits", "sys.exit(3)"]),
        ("builders:needs", CANNOT_CHECK, ["calling builders:needs", "tenant"]),
    ],
)
def test_an_error_in_the_callable_of_c(school, named, status, words):
    school.models(f'Table("students", metadata, {ID})')
    (school.root / "builders.py").write_text(CONFIGURATIONS)
    (school.root / "imports.py").write_text("import not_installed\n")
    shown = fails(school, *words, options=("-c", named), status=status)
    assert "env.py" not in shown
    assert school.compare("-c", "builders:right").status == 0


@pytest.mark.parametrize(
    "url", ["nonsense", "postgresql://me:s3cr3t@host:port/x", "oracle://me:s3cr3t@host/x", "://"]
)
@pytest.mark.parametrize("named", ["DRIFTCHECK_DATABASE_URL", "--database-url", "database-url in"])
def test_a_bad_url_is_refused_by_its_own_name_before_anything_is_imported(school, url, named):
    school.models("from pathlib import Path\nPath('imported').touch()")
    configuration = school.root / "pyproject.toml"
    if named.startswith("database"):
        configuration.write_text(f'[tool.driftcheck]\ndatabase-url = "{url}"\n')
    options = ("--database-url", url) if named.startswith("--") else ()
    variables = {named: url} if named.isupper() else {}
    try:
        shown = fails(school, named, options=options, status=USAGE, **variables)
    finally:
        configuration.unlink(missing_ok=True)
    assert ("--database-url" in shown) == (named == "--database-url")
    assert "s3cr3t" not in shown
    assert not (school.root / "imported").exists()


def test_an_app_without_a_migrations_directory(sketch):
    project = sketch()
    (project.root / "alembic.ini").unlink()
    shutil.rmtree(project.root / "migrations")
    (project.root / "app.py").write_text(
        "from flask import Flask\nfrom flask_migrate import Migrate\n"
        "from flask_sqlalchemy import SQLAlchemy\n\n"
        "app = Flask(__name__)\napp.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'\n"
        "db = SQLAlchemy(app)\nMigrate(app, db)\n"
    )
    fails(project, "'app' has no migrations yet", "flask db init", "--directory", status=USAGE)
