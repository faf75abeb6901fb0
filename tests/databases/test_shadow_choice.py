"""Where shadow databases are made: the first way that is possible, and why."""

import dataclasses

import pytest
from sqlalchemy.engine import make_url

from driftcheck.databases.postgresql.shadow import choice
from driftcheck.databases.postgresql.shadow.binaries import Installation
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.databases.shadow.request import ServerFacts
from driftcheck.databases.shadow_choice import choose
from driftcheck.databases.sqlite.shadow import SQLiteMaker
from driftcheck.errors import ConfigurationError, ShadowError

LIVE = make_url("postgresql+psycopg2://app:s3cret@db.example:5432/shop")


def installation(tmp_path, major, *extensions, embedded=True):
    name = f"{major}-{'embedded' if embedded else 'installed'}"
    directory = tmp_path / name / "share" / "extension"
    directory.mkdir(parents=True)
    for extension in ("plpgsql", *extensions):
        (directory / f"{extension}.control").touch()
    return Installation(tmp_path / name / "bin", "", major, embedded)


@pytest.fixture
def live():
    """Facts about a live database on another machine."""

    def make(**told):
        facts = ServerFacts(
            dialect="postgresql",
            major=17,
            server_version="17.2",
            identity="",
            database="shop",
            encoding="UTF8",
            collation="C",
            ctype="C",
            locale_provider="libc",
            locale="",
            extensions=frozenset({"plpgsql"}),
            roles=("app",),
            user="app",
            search_path='"$user", public',
            schemas=(),
            time_zone="UTC",
        )
        return dataclasses.replace(facts, **told)

    return make


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Say which servers could be started here, and put a name in the place of every maker."""
    found = {True: [], False: []}
    broken = set()

    class Maker:
        def __init__(self, how, server, facts):
            if str(server) in broken:
                raise ShadowError("it does not start")
            self.how = how
            self.server = server
            self.facts = facts
            self.notes, self.passed_over = [], []

    def say(major, *extensions, embedded=True, breaks=False):
        one = installation(tmp_path, major, *extensions, embedded=embedded)
        found[embedded].append(one)
        if breaks:
            broken.add(str(one))
        return one

    monkeypatch.setattr(choice, "embedded_installations", lambda: found[True])
    monkeypatch.setattr(choice, "installed_here", lambda: found[False])
    monkeypatch.setattr(choice, "ServerMaker", Maker)
    monkeypatch.setattr("driftcheck.databases.postgresql.shadow.private.PrivateMaker", Maker)
    say.broken = broken
    return say


def test_a_private_server_of_lives_version_comes_first(here, live):
    here(18)
    alike = here(17)

    maker = choose(live(), None, LIVE)

    assert maker.server == alike
    assert "live's major version, 17" in maker.how
    assert maker.notes == []


def test_the_embedded_one_comes_before_an_installed_one(here, live):
    here(17, embedded=False)
    embedded = here(17)

    assert choose(live(), None, LIVE).server == embedded


def test_an_installed_one_that_has_lives_extensions_comes_before_one_that_has_not(here, live):
    here(17)
    installed = here(17, "postgis", embedded=False)
    facts = live(extensions=frozenset({"plpgsql", "postgis"}))

    assert choose(facts, None, LIVE).server == installed


def test_a_private_server_of_another_version_comes_next(here, live):
    other = here(18)

    maker = choose(live(), None, LIVE)

    assert maker.server == other
    assert maker.notes == ["the shadow's server is PostgreSQL 18, live's is 17"]


def test_the_others_are_passed_over_with_a_reason(live, here):
    here(17)
    here(18)
    here(17, embedded=False)
    passed_over = choose(live(), None, LIVE).passed_over
    assert [each.partition(": ")[2] for each in passed_over] == [
        "it is no more similar to live's server",
        "PostgreSQL 17 is more similar to live's server, 17.2",
        "it is used with --shadow same-server only",
    ]
    assert [each.partition(" (")[0] for each in passed_over[:2]] == [
        "PostgreSQL 17",
        "embedded PostgreSQL 18",
    ]


def test_one_without_extensions_of_live_is_passed_over(live, here):
    here(17)
    here(17, "postgis", embedded=False)
    (first, *_) = choose(live(extensions=frozenset({"plpgsql", "postgis"})), None, LIVE).passed_over
    assert first.endswith(": it lacks extensions of live: postgis")


def test_of_several_the_one_most_like_live_is_taken(here, live):
    here(17)
    here(16, "postgis")
    nearest = here(18, "postgis")
    facts = live(extensions=frozenset({"plpgsql", "postgis"}))

    assert choose(facts, None, LIVE).server == nearest


def test_extensions_that_are_missing_are_told(here, live):
    here(17)
    facts = live(extensions=frozenset({"plpgsql", "postgis", "hstore"}))

    (note,) = choose(facts, None, LIVE).notes

    assert "hstore, postgis" in note
    assert "--shadow same-server" in note
    assert "--shadow URL" in note


def test_what_does_not_start_is_passed_over_and_told(here, live):
    here(17, breaks=True)
    installed = here(17, embedded=False)

    maker = choose(live(), None, LIVE)

    assert maker.server == installed
    (note,) = maker.notes
    assert "embedded PostgreSQL 17" in note
    assert "it does not start" in note


def test_lives_own_server_is_not_taken_where_no_private_server_starts(here, live):
    here(17, breaks=True)

    with pytest.raises(ShadowError, match="no shadow database can be made") as caught:
        choose(live(), None, LIVE)

    assert "it does not start" in caught.value.details
    assert "--shadow same-server" in caught.value.hint


def test_without_a_live_database_the_first_embedded_one_is_taken(here):
    newest = here(18)
    here(16)

    maker = choose(None)

    assert maker.server == newest
    assert "no live database" in maker.how


def test_where_no_way_is_possible_all_are_told_and_why(here, live):
    here(18, breaks=True)

    with pytest.raises(ShadowError) as caught:
        choose(live(), None, LIVE)

    told = caught.value
    assert "PostgreSQL 18" in told.details
    assert "it does not start" in told.details
    for way in ("driftcheck[embedded]", "--shadow same-server", "--shadow URL", "install a"):
        assert way in told.hint


def test_lives_own_server_where_it_is_asked_for(here, live):
    here(17)

    maker = choose(live(), "same-server", LIVE)

    assert maker.server == LIVE.set(database="postgres")
    assert "as --shadow same-server requests" in maker.how


def test_live_itself_is_connected_to_where_there_is_no_other_database(here, live):
    here.broken.add(str(LIVE.set(database="postgres")))

    assert choose(live(), "same-server", LIVE).server == LIVE


def test_a_server_that_is_named(here, live, monkeypatch):
    monkeypatch.setattr(choice, "identity", lambda _: "another")
    here(17)

    maker = choose(live(), "postgresql://me:s3cret@other", LIVE)

    assert maker.server.render_as_string(hide_password=False) == (
        "postgresql+psycopg2://me:s3cret@other/postgres"
    )
    assert "other" in maker.how
    assert "s3cret" not in maker.how


@pytest.mark.parametrize(
    "requested",
    ["postgresql://x:y@db.example/shop", "postgresql+asyncpg://x@DB.example:5432/shop"],
)
def test_live_is_never_a_shadow(here, live, requested):
    with pytest.raises(ConfigurationError, match="names the live database"):
        choose(live(), requested, LIVE)


def test_live_is_never_a_shadow_by_another_name_either(here, live, monkeypatch):
    monkeypatch.setattr(choice, "identity", lambda _: "the same")

    with pytest.raises(ConfigurationError, match="names the live database"):
        choose(live(identity="the same"), "postgresql://x:y@10.0.0.1/shop", LIVE)


def test_what_is_requested_must_make_sense(here):
    with pytest.raises(ConfigurationError, match="needs a live database"):
        choose(None, "same-server")
    with pytest.raises(ConfigurationError, match="not a database URL") as caught:
        choose(None, "s3cret")
    assert "s3cret" not in caught.value.message
    with pytest.raises(ConfigurationError, match="names a sqlite database"):
        choose(None, "sqlite:///x", LIVE)


def test_sqlite_and_others():
    with choose(None, None, make_url("sqlite:///live.db")) as maker:
        assert isinstance(maker, SQLiteMaker)
    with choose(None, dialect="sqlite") as maker:
        assert isinstance(maker, SQLiteMaker)
    with pytest.raises(ShadowError, match="no mysql server"):
        choose(None, dialect="mysql")
    with pytest.raises(ShadowError, match="for oracle"):
        choose(None, dialect="oracle")


def test_lives_own_server_in_earnest(pg15, database):
    live = database(pg15, "CREATE TABLE t (a int)")
    facts = read_facts(live.connection)

    with choose(facts, "same-server", live.url) as maker:
        assert isinstance(maker, ServerMaker)
        with session(maker.make("x").url) as cursor:
            cursor.execute("SELECT to_regclass('t')")
            assert cursor.fetchone() == (None,)
    with pytest.raises(ConfigurationError, match="names the live database"):
        choose(facts, live.text_url)
    with choose(facts, pg15.server.render_as_string(hide_password=False), live.url) as maker:
        maker.make("x")
