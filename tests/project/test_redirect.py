"""The hooks by themselves, in this process and on real databases."""

import os
import threading

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from driftcheck.databases.connection import connect, own_engine
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.errors import RedirectError
from driftcheck.project.redirect import Redirect
from driftcheck.project.shadow_sets import ShadowSet


@pytest.fixture
def live(database, pg16):
    return database(pg16, "CREATE TABLE students (id integer)")


@pytest.fixture
def shadow_set(pg16):
    """Make stages; their shadows are dropped in the end."""
    made = []

    def make(name, maker=pg16):
        one = ShadowSet(name, lambda _target, purpose: maker.make(purpose))
        made.append(one)
        return one

    yield make
    for one in made:
        for shadow in one.shadows.values():
            shadow.drop()


@pytest.fixture
def engine():
    """Make engines; their pools are emptied in the end."""
    made = []

    def make(url, **options):
        made.append(create_engine(url, **options))
        return made[-1]

    yield make
    for one in made:
        one.dispose()


def name_of(engine):
    with engine.connect() as connection:
        return connection.execute(text("SELECT current_database()")).scalar()


def test_an_engine_made_before_goes_to_the_shadow_and_back(live, shadow_set, engine):
    school = engine(live.url)
    assert name_of(school) == live.name
    imported = shadow_set("import")
    with Redirect().to(imported):
        (name,) = {name_of(school), school.url.database}
    assert name == next(iter(imported.shadows.values())).name
    assert school.url == live.url


def test_stages_may_be_nested(live, shadow_set, engine):
    school = engine(live.url)
    outer, inner = shadow_set("outer"), shadow_set("inner")
    redirect = Redirect()
    with redirect.to(outer):
        first = name_of(school)
        with redirect.to(inner):
            second = name_of(school)
        assert name_of(school) == first
    assert "outer" in first
    assert "inner" in second
    assert list(outer.shadows) == list(inner.shadows) == list(redirect.targets)


def test_between_stages_nothing_goes_to_live(live, shadow_set, engine):
    school = engine(live.url)
    redirect = Redirect()
    with redirect.hooked():
        with redirect.to(shadow_set("import")):
            first = name_of(school)
        with redirect.to(shadow_set("replay")):
            assert "replay" in name_of(school)
        found = []
        thread = threading.Thread(target=lambda: found.append(name_of(school)))
        thread.start()
        thread.join()
        assert found == [first]


@pytest.mark.parametrize("derive", ["execution_options", "its own URL"])
def test_what_was_derived_in_an_earlier_stage(live, shadow_set, engine, derive):
    redirect = Redirect()
    with redirect.to(shadow_set("import")):
        school = engine(live.url)
        if derive == "execution_options":
            derived = school.execution_options(stream_results=False)
        else:
            derived = engine(school.url)
        assert "import" in name_of(derived)
    with redirect.to(shadow_set("replay")):
        assert "replay" in name_of(derived)
        assert "replay" in derived.url.database
    (target,) = redirect.targets.values()
    assert target.database == live.name


def test_a_refusal_is_told_although_it_was_caught(live, shadow_set, engine):
    school = engine("postgresql://", creator=lambda: connect(live.url))

    def swallow():
        try:
            name_of(school)
        except RedirectError:
            message = "the database is down"
            raise RuntimeError(message) from None

    redirect = Redirect()
    with pytest.raises(RedirectError, match="not lead to"), redirect.to(shadow_set("import")):
        swallow()


def test_another_dialect_is_refused(shadow_set):
    oracle = pytest.importorskip("sqlalchemy.dialects.oracle.base").OracleDialect()
    redirect = Redirect()
    with pytest.raises(RedirectError, match="'oracle'"), redirect.to(shadow_set("import")):
        redirect._hooks._do_connect(oracle, None, [], {"user": "scott"})


def test_driftchecks_own_engine_goes_where_it_says(live, shadow_set):
    with Redirect().to(shadow_set("import")):
        assert name_of(own_engine(live.url)) == live.name


def test_driftchecks_own_connections_have_the_users_options(live, shadow_set, monkeypatch):
    monkeypatch.setenv("PGOPTIONS", "-c statement_timeout=12345")
    redirect = Redirect()

    def asked(connection, setting):
        with connection.cursor() as cursor:
            cursor.execute(f"SHOW {setting}")
            return cursor.fetchone()[0]

    with redirect.to(shadow_set("import")):
        own = connect(live.url)
        with create_engine(live.url, poolclass=NullPool).connect() as connection:
            shadows = [asked(connection.connection, "transaction_read_only")]
            shadows.append(asked(connection.connection, "statement_timeout"))
    assert asked(own, "transaction_read_only") == "off"
    assert asked(own, "statement_timeout") == "12345ms"
    own.close()
    assert shadows == ["off", "12345ms"]
    assert os.environ["PGOPTIONS"] == "-c statement_timeout=12345"


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE DATABASE school",
        "alter  database {live} set timezone to 'UTC'",
        "DROP DATABASE IF EXISTS {live}",
        "ALTER ROLE CURRENT_USER SET search_path TO nowhere",
        "DO $$ BEGIN ALTER USER CURRENT_USER SET work_mem TO '1MB'; END $$",
        "ALTER SYSTEM SET work_mem TO '1MB'",
    ],
)
def test_on_a_shared_server_nothing_reaches_beyond_the_shadow(
    live, pg16, shadow_set, engine, statement
):
    with ServerMaker("Tests.", pg16.server, None) as maker:
        shared = shadow_set("import", maker)
        school = engine(live.url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        with (
            pytest.raises(RedirectError, match="a server that others use"),
            Redirect().to(shared),
            school.connect() as connection,
        ):
            connection.execute(text(statement.format(live=live.name)))


def test_on_a_shared_server_the_shadow_may_be_altered(live, pg16, shadow_set, engine):
    with (
        ServerMaker("Tests.", pg16.server, None) as maker,
        Redirect().to(shadow_set("a", maker)),
    ):
        school = engine(live.url, poolclass=NullPool)
        with school.begin() as connection:
            connection.execute(text("CREATE TABLE t (id integer)"))
            name = connection.engine.url.database
            connection.execute(text(f"ALTER DATABASE {name} SET timezone TO 'UTC'"))
