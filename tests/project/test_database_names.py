"""Code that asks whether the live database exists, and creates it, works with a shadow database."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from driftcheck.project.interception.database_names import (
    created_database,
    renamed,
    without_creation,
)

LIVE = frozenset(("shop", 'o\'dd "name"'))


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        ("CREATE DATABASE shop", "shop"),
        ("create database if not exists `shop` CHARACTER SET = 'utf8'", "shop"),
        ("""CREATE DATABASE "o'dd ""name""\" ENCODING 'utf8' TEMPLATE template1""", 'o\'dd "name"'),
        ("CREATE TABLE shop (id int)", ""),
        ("SELECT 'CREATE DATABASE shop'", ""),
    ],
)
def test_the_database_that_is_created(statement, name):
    assert created_database(statement) == name
    assert without_creation(statement, LIVE) == ("SELECT 1" if name else statement)


def test_another_database_is_created():
    assert without_creation("CREATE DATABASE archive", LIVE) == "CREATE DATABASE archive"


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ("WHERE n = 'shop' OR n = 'shops'", (), ("WHERE n = 'x' OR n = 'shops'", ())),
        ("WHERE datname = 'o''dd \"name\"'", {}, ("WHERE datname = 'x'", {})),
        ("WHERE n = %(n)s", {"n": "shop", "m": 5}, ("WHERE n = %(n)s", {"n": "x", "m": 5})),
        ("WHERE datname = %s", ("shop", None), ("WHERE datname = %s", ("x", None))),
        ("WHERE datname = %s", [("a",), ("shop",)], ("WHERE datname = %s", [("a",), ("x",)])),
    ],
)
def test_names_in_a_query(statement, parameters, expected):
    assert renamed(statement, parameters, LIVE, "x") == expected


# As in SQLAlchemy-Utils 0.43, database_exists() and create_database().
ENSURE = """
from sqlalchemy.engine import make_url


def scalar(url, statement):
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        return connection.execute(text(statement)).scalar()


def ensure(url):
    url = make_url(url)
    if url.get_backend_name() == "postgresql":
        found = scalar(url, f"SELECT 1 FROM pg_database WHERE datname='{url.database}'")
        maintenance = url.set(database="postgres")
        creation = f'CREATE DATABASE "{url.database}" ENCODING \\'utf8\\' TEMPLATE template1'
    else:
        maintenance = url.set(database="")
        query = "SELECT SCHEMA_NAME FROM INFORMATION_SCHEMA.SCHEMATA WHERE SCHEMA_NAME = '{}'"
        found = scalar(maintenance, query.format(url.database))
        creation = f"CREATE DATABASE {url.database} CHARACTER SET = 'utf8'"
    assert found, "the database does not exist"
    engine = create_engine(maintenance, isolation_level="AUTOCOMMIT")
    with engine.begin() as connection:
        connection.execute(text(creation))


ensure(URL)
"""
TABLE = 'Table("students", metadata, Column("id", Integer, primary_key=True))'


def databases(server):
    engine = create_engine(server)
    query = {
        "postgresql": "SELECT datname FROM pg_database",
        "mysql": "SELECT schema_name FROM information_schema.schemata",
    }[server.get_backend_name()]
    with engine.connect() as connection:
        found = sorted(row[0] for row in connection.execute(text(query)))
    engine.dispose()
    return found


@pytest.fixture(params=["postgresql", "mysql"])
def shadow(request):
    """A database on a server on which shadow databases may be made."""
    if request.param == "postgresql":
        return request.getfixturevalue("database")(request.getfixturevalue("pg18")).url
    return make_url(request.getfixturevalue("mariadb")).set(database="mysql")


def test_a_project_that_creates_its_database(sketch, shadow):
    """It does so in env.py, before the database exists; nothing is created on the server."""
    project = sketch()
    url = shadow.set(database="not_there_yet").render_as_string(hide_password=False)
    project.name_database(url)
    project.models(f"{ENSURE.replace('ensure(URL)', f'ensure({url!r})')}\n{TABLE}")
    project.revision(
        "0001", 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    before = databases(shadow)
    named = shadow.render_as_string(hide_password=False)
    result = project.compare("--only-gap", "pending", DRIFTCHECK_SHADOW=named)
    assert result.status == 0, result
    assert result.findings == []
    assert databases(shadow) == before
