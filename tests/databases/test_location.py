"""Where a driver's arguments lead, and which of them a shadow is given."""

import pytest
from sqlalchemy.engine import make_url
from sqlalchemy.exc import NoSuchModuleError

from driftcheck.databases.location import (
    DatabaseKey,
    arguments_for,
    database_key_of,
    endpoints_of,
    parse_url,
    shown,
    url_of_arguments,
)
from driftcheck.databases.postgresql import urls
from driftcheck.databases.postgresql.libpq import displayed_url
from driftcheck.errors import RedirectError
from driftcheck.project.interception.urls import database_urls

SHADOW = make_url("postgresql+psycopg2://me@/shadow?host=/sockets&port=5433")
SCHOOL = DatabaseKey("postgresql", "db.example", 6543, "school")


def dialect_of(name):
    try:
        dialect = make_url(f"{name}://").get_dialect()
    except NoSuchModuleError:
        pytest.skip(f"this SQLAlchemy does not know {name}")
    load = getattr(dialect, "import_dbapi", None) or dialect.dbapi
    return dialect(dbapi=load())


@pytest.mark.parametrize(
    ("driver", "cargs", "cparams"),
    [
        ("psycopg2", [], {"host": "db.example", "port": 6543, "dbname": "school"}),
        ("psycopg2", ["host=db.example port=6543 dbname=school password=secret"], {}),
        ("psycopg2", ["postgresql://db.example:6543/school"], {}),
        (
            "psycopg2",
            [],
            {"dsn": "host=db.example dbname=other", "port": "6543", "dbname": "school"},
        ),
        ("psycopg", ["host=db.example"], {"port": 6543, "dbname": "school"}),
        ("asyncpg", [], {"host": ["db.example"], "port": [6543], "database": "school"}),
        (
            "pg8000",
            [],
            {"host": "DB.example", "port": 6543, "database": "school", "password": b"x"},
        ),
    ],
)
def test_one_place_for_every_driver(driver, cargs, cparams):
    dialect = dialect_of(f"postgresql+{driver}")
    assert database_key_of(url_of_arguments(dialect, cargs, cparams)) == SCHOOL


def test_where_the_server_is_may_be_in_the_environment(monkeypatch):
    monkeypatch.setenv("PGHOST", "db.example")
    monkeypatch.setenv("PGPORT", "6543")
    monkeypatch.setenv("PGDATABASE", "school")
    assert database_key_of(make_url("postgresql://")) == SCHOOL
    assert database_key_of(make_url("postgresql://localhost:5432/x")).host == "localhost"


def test_two_services_are_two_places():
    one, other = (make_url(f"postgresql:///?service={name}") for name in ("one", "other"))
    assert database_key_of(one) != database_key_of(other)


@pytest.mark.parametrize("place", ["@", "@:5433"])
def test_a_socket_is_shown_with_or_without_a_port(place):
    """A quick check names the database as a full check does."""
    url = f"postgresql://me{place}/shop?host=/run/a"
    assert displayed_url(f"{url}&sslmode=require") == shown(make_url(url)) == url


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("postgresql://me:secret@a:5433,b:5434/shop", "a:5433,b:5434"),
        ("postgres://me:secret@a:5433,b:5434/shop?sslmode=require", "a:5433,b:5434"),
        ("postgresql://me:secret@/shop?host=a:5433&host=b:5434", "a:5433,b:5434"),
        ("postgresql+asyncpg://me:secret@/shop?host=a:5433&host=b:5434", "a:5433,b:5434"),
        ("postgresql://me:secret@/shop?host=a,b&port=5433,5434", "a:5433,b:5434"),
        ("postgresql://me:secret@a,b/shop", "a,b"),
        ("postgresql://me:secret@a,b:5434/shop", "a,b:5434"),
        ("postgresql://me:secret@[::2]:5433,b/shop", "[::2]:5433,b"),
        ("postgresql://me:secret@/shop?host=a:5433", "a:5433"),
    ],
)
def test_several_hosts(text, places):
    """The URL, the arguments of drivers and the quick check agree about several hosts."""
    url = parse_url(text, named="--database-url")
    assert shown(url) == displayed_url(text) == f"postgresql://me@{places}/shop"
    key = database_key_of(url)
    drivers = ["psycopg2", "psycopg"]
    if places.count(":543") == places.count(",") + 1:  # asyncpg needs all ports
        drivers.append("asyncpg")
    for driver in drivers:
        dialect = dialect_of(f"postgresql+{driver}")
        arguments = dialect.create_connect_args(url.set(drivername=f"postgresql+{driver}"))
        assert database_key_of(url_of_arguments(dialect, *arguments)) == key
    ports = [int(place.rpartition(":")[2]) if ":" in place else 5432 for place in places.split(",")]
    assert [endpoint.port for endpoint in endpoints_of(url)] == ports


def test_several_hosts_of_the_project_are_the_same_database():
    """SQLAlchemy accepts two forms, and the database key is the same for both."""
    forms = ("postgresql:///x?host=a:1&host=b:2", "postgresql:///x?host=a,b&port=1,2")
    keys = [database_key_of(make_url(form)) for form in forms]
    assert keys == [DatabaseKey("postgresql", "a:1,b:2", None, "x")] * 2
    assert database_urls(["postgresql://a:1,b:2/x"]) == [
        make_url("postgresql:///x?host=a,b&port=1,2")
    ]


def test_the_same_file_is_one_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sqlite = dialect_of("sqlite")
    texts = ["sqlite:///school.db", f"sqlite:///{tmp_path}/school.db"]
    texts.append("sqlite:///file:school.db?mode=rwc&uri=true")
    urls = [make_url(text) for text in texts]
    asked = [url_of_arguments(sqlite, *sqlite.create_connect_args(url)) for url in urls]
    assert {database_key_of(url) for url in [*urls, *asked]} == {
        DatabaseKey("sqlite", "", None, str(tmp_path / "school.db"))
    }


@pytest.mark.parametrize("driver", ["psycopg2", "psycopg", "asyncpg", "pg8000"])
def test_nothing_of_the_old_place_stays(driver, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c a=b")
    dialect = dialect_of(f"postgresql+{driver}")
    theirs = {
        "host": "db.example", "port": 6543, "user": "app", "password": "secret",
        "service": "school", "sslmode": "verify-full", "sslrootcert": "/ca.pem", "ssl": True,
        "ssl_context": "of theirs", "gssencmode": "require", "passfile": "/p",
        "hostaddr": "10.0.0.1", "target_session_attrs": "read-write", "timeout": 5,
    }  # fmt: skip
    cargs, cparams = arguments_for(SHADOW, dialect, theirs)
    text = repr((cargs, cparams))
    gone = ("db.example", "secret", "school", "verify", "ca.pem", "True", "of theirs", "require")
    assert not [word for word in (*gone, "10.0.0.1", "/p'", "read-write") if word in text]
    assert cparams["timeout"] == 5
    assert ("-c a=b" in text) == (driver in ("psycopg2", "psycopg"))


SETTINGS = {"application_name": "x", "search_path": 'a, "b\\c"'}


@pytest.mark.parametrize(
    ("cargs", "cparams", "url"),
    [
        (["host=db port=6543 dbname=shop"], {}, "://db:6543/shop"),
        (
            [],
            {"host": ["db"], "port": [6543], "database": "shop", "ssl": True},
            "://db:6543/shop?sslmode=require",
        ),
        (
            [],
            {"host": "db", "database": "shop", "server_settings": SETTINGS},
            "://db/shop?options=-c+search_path%3Da%2C%5C+%22b%5C%5Cc%22",
        ),
        (
            [],
            {"unix_sock": "/run/x/.s.PGSQL.5432", "database": "shop"},
            ":///shop?host=%2Frun%2Fx",
        ),
        (["host=a,b port=1,2"], {"dbname": "shop"}, ":///shop?host=a%2Cb&port=1%2C2"),
        (["service=shop"], {"password": b"x", "user": "me"}, "://me:x@?service=shop"),
    ],
)
def test_the_url_of_a_driver_s_arguments(cargs, cparams, url):
    """The examples in the documentation of ``url_of_arguments``, and some more."""
    shown = urls.url_of_arguments(cargs, cparams).render_as_string(hide_password=False)
    assert shown == f"postgresql+psycopg2{url}"


def test_a_database_that_cannot_be_redirected():
    dialect = type("Dialect", (), {"name": "mssql"})()
    with pytest.raises(RedirectError, match="'mssql'"):
        url_of_arguments(dialect, [], {})


def test_no_secret_is_shown():
    url = make_url("postgresql+psycopg2://me:secret@h/d?sslpassword=secret&options=secret")
    assert shown(url) == "postgresql://me@h/d"
