"""An empty shadow is kept for the next run, and never if anything was written in it."""

import dataclasses
import shutil

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.storage.cache_directory import VARIABLE

pytestmark = pytest.mark.skipif(not embedded_installations(), reason="no embedded PostgreSQL")


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory, pg18):
    """A cache for these tests, after ``pg18`` has been started in that of all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(tmp_path_factory.mktemp("spare")))
        yield
        shutil.rmtree(Account.for_servers().home())


@pytest.fixture
def facts(pg18):
    with session(pg18.server) as cursor:
        return read_facts(cursor.connection)


def identifiers(facts=None, write=(), *, commit=True):
    """The OIDs of the shadows of two makers; between them, statements run in the first shadow."""
    found = []
    for statements in (write, ()):
        with PrivateMaker("Tests.", embedded_installations()[0], facts) as maker:
            shadow = maker.make("import")
            connection = connect(shadow.url)
            with connection.cursor() as cursor:
                cursor.execute("SELECT oid FROM pg_database WHERE datname = current_database()")
                found += cursor.fetchone()
                for statement in statements:
                    cursor.execute(statement)
            if commit:
                connection.commit()
                connection.close()
            with session(maker.server) as cursor:
                cursor.execute("SELECT datname FROM pg_database WHERE datname ~ 'shadow'")
                assert cursor.fetchall() == [(shadow.name,)]
    return found


def test_an_empty_shadow_is_kept():
    first, second = identifiers(write=["SELECT * FROM pg_class", "SET search_path = ''"])
    assert first == second


def test_it_may_belong_to_another_user_each_time(facts):
    first, second = identifiers(dataclasses.replace(facts, user='the "app"'))
    assert first == second
    assert set(identifiers(dataclasses.replace(facts, user="other"))) == {first}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE t ()",
        "CREATE SCHEMA s",
        "CREATE ROLE somebody",
        "SELECT lo_create(0)",
        "ALTER DATABASE postgres SET work_mem = '1MB'",
    ],
)
@pytest.mark.parametrize("commit", [True, False])
def test_a_shadow_in_which_something_was_written_is_not_kept(statement, commit):
    first, second = identifiers(write=[statement], commit=commit)
    assert first != second


def test_a_shadow_with_schemas_of_live_is_not_kept(facts):
    first, second = identifiers(dataclasses.replace(facts, schemas=("app",)))
    assert first != second


def test_a_copy_is_not_kept():
    with PrivateMaker("Tests.", embedded_installations()[0], None) as maker:
        shadow = maker.make("import")
        with session(shadow.url) as cursor:
            cursor.execute("CREATE TABLE t ()")
        copy = maker.make("copy", shadow)
        maker.drop(copy)
        maker.drop(shadow)
        with session(maker.server) as cursor:
            cursor.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")
            assert cursor.fetchall() == [("postgres",)]
