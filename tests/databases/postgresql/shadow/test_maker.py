"""Shadow databases on PostgreSQL: like live, marked, and gone afterwards."""

import dataclasses
import json
import os

import pytest

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.catalog.subscriptions import Subscription
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.databases.reading import Scope


@pytest.fixture
def like(pg18):
    """Open a maker whose live database has the given facts."""
    with session(pg18.server) as cursor:
        facts = read_facts(cursor.connection)
    makers = []

    def make(**told):
        makers.append(ServerMaker("Tests.", pg18.server, dataclasses.replace(facts, **told)))
        return makers[-1]

    yield make
    for maker in makers:
        maker.close()


def databases(maker):
    with session(maker.server) as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


def ask(shadow, query):
    with session(shadow.url) as cursor:
        cursor.execute(query)
        return cursor.fetchone()


def test_a_shadow_is_empty_and_says_what_it_is(pg):
    shadow = pg.make("Replay of head")

    assert shadow.name.startswith("driftcheck_shadow_replay_of_head_")
    assert ask(shadow, "SELECT count(*) FROM pg_class WHERE relnamespace = 2200") == (0,)
    assert ask(shadow, "SELECT current_setting('driftcheck.shadow')") == (shadow.token,)
    (comment,) = ask(
        shadow,
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database "
        "WHERE datname = current_database()",
    )
    told = json.loads(comment)
    assert told["made_by"] == "driftcheck"
    assert told["pid"] == os.getpid()
    shadow.drop()
    assert shadow.name not in databases(pg)


def test_a_shadow_is_told_from_any_other_database(pg, database):
    one, other = database(pg), database(pg)

    assert one.shadow.is_reached_by(connect(one.url))
    assert not one.shadow.is_reached_by(connect(other.url))
    assert not one.shadow.is_reached_by(connect(pg.server))


def test_asking_for_the_mark_leaves_no_transaction_behind(pg18, database):
    made = database(pg18)
    connection = connect(made.url)

    assert made.shadow.is_reached_by(connection)
    connection.autocommit = True  # refused within a transaction


def test_a_copy_has_the_subscriptions_without_their_connections(pg):
    template = pg.make("template")
    with session(template.url) as cursor:
        cursor.execute(
            """CREATE SUBSCRIPTION "a ""b" CONNECTION 'host=publisher password=sesame'
            PUBLICATION "p, q", r WITH (connect = false, slot_name = taken, binary = true)"""
        )
        cursor.execute("""COMMENT ON SUBSCRIPTION "a ""b" IS 'it''s'""")
        cursor.execute('ALTER SUBSCRIPTION "a ""b" ENABLE')
    copies = [template, pg.make("copy", template)]
    read = []
    for shadow in copies:
        with session(shadow.url) as cursor:
            read.append([*Subscription().read(cursor, Scope())])
    assert read[0] == read[1] != []
    connections = (
        "SELECT array_agg(subconninfo ORDER BY subconninfo) FROM pg_subscription"
        """ WHERE subname = 'a "b'"""
    )
    assert ask(copies[1], connections) == (["", "host=publisher password=sesame"],)
    for shadow in reversed(copies):
        shadow.drop()
    after = pg.make("after")
    assert ask(after, connections) == (None,)
    after.drop()


def test_dropping_cuts_off_who_is_connected(pg):
    shadow = pg.make("drop")
    connection = connect(shadow.url)

    shadow.drop()

    assert shadow.name not in databases(pg)
    connection.close()
    shadow.drop()  # a second time does nothing


def test_a_copy_has_schema_and_rows_and_a_mark_of_its_own(pg, database):
    original = database(pg, "CREATE TABLE t (a int)", "INSERT INTO t VALUES (7)")
    connected = connect(original.url)

    copy = database(pg, template=original)

    assert copy.execute("SELECT a FROM t") == [(7,)]
    assert copy.shadow.is_reached_by(copy.connection)
    assert copy.shadow.token != original.shadow.token
    connected.close()


@pytest.mark.parametrize(("encoding", "locale"), [("LATIN1", "C"), ("UTF8", "C.utf8")])
def test_encoding_and_collation_are_lives(like, encoding, locale):
    maker = like(encoding=encoding, collation=locale, ctype=locale)
    shadow = maker.make("x")

    assert ask(
        shadow,
        "SELECT pg_encoding_to_char(encoding), datcollate, datctype FROM pg_database "
        "WHERE datname = current_database()",
    ) == (encoding, locale, locale)
    assert maker.notes == []


@pytest.mark.parametrize(
    ("provider", "locale"), [("libc", "tlh_QO.utf8"), ("icu", "tlh"), ("builtin", "no such")]
)
def test_an_unknown_locale_is_told_once_and_c_taken(like, provider, locale):
    libc = {"collation": locale, "ctype": locale} if provider == "libc" else {"locale": locale}
    maker = like(locale_provider=provider, **libc)

    shadow = maker.make("x")
    maker.make("y")

    assert ask(shadow, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == (
        "C",
    )
    (note,) = maker.notes
    assert locale in note


def test_a_builtin_locale_is_lives_even_where_libc_does_not_know_lives(like):
    maker = like(locale_provider="builtin", locale="C.UTF-8", collation="tlh_QO.utf8")

    shadow = maker.make("x")

    assert ask(
        shadow,
        "SELECT datlocprovider::text, datlocale FROM pg_database "
        "WHERE datname = current_database()",
    ) == ("b", "C.UTF-8")
    assert maker.notes == []


def test_the_search_path_is_lives_with_the_schemas_that_exist_there(like):
    maker = like(search_path='"My app", gone, public', schemas=("My app",))
    shadow = maker.make("x")
    copy = maker.make("y", shadow)

    for made in (shadow, copy):
        assert ask(made, "SHOW search_path") == ('"My app", gone, public',)
        assert ask(made, "SELECT current_schemas(false)::text[]") == (["My app", "public"],)


def test_the_time_zone_is_lives(like):
    maker = like(time_zone="Asia/Kathmandu")
    shadow = maker.make("x")

    for made in (shadow, maker.make("y", shadow)):
        assert ask(made, "SHOW TimeZone") == ("Asia/Kathmandu",)


def test_a_time_zone_that_the_server_does_not_know_is_told(like):
    maker = like(time_zone="Mars/Base")
    maker.make("x")

    assert [note for note in maker.notes if "Mars/Base" in note]


def test_an_empty_search_path_is_lives_too(like):
    assert ask(like(search_path='""').make("x"), "SELECT current_schemas(false)::text[]") == ([],)


def test_closing_drops_what_was_not_dropped(pg18, like):
    maker = like()
    names = {maker.make("a").name, maker.make("b").name}
    assert names <= databases(pg18)

    maker.close()

    assert not names & databases(pg18)


def test_an_exception_drops_everything(pg18, like):
    before = databases(pg18)

    def make_and_fail():
        with like() as maker:
            assert maker.make("a").name in databases(pg18)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_and_fail()
    assert databases(pg18) == before


def test_an_interrupt_while_a_shadow_is_made_does_not_leak_it(pg18, like, monkeypatch):
    maker = like()
    before = databases(pg18)

    def interrupt(*_):
        assert databases(pg18) - before
        raise KeyboardInterrupt

    monkeypatch.setattr(maker, "_mark", interrupt)
    with pytest.raises(KeyboardInterrupt), maker:
        maker.make("a")
    assert databases(pg18) == before


def test_what_is_a_template_by_now_is_dropped_as_well(pg18, like):
    maker = like()
    shadow = maker.make("template")
    with session(pg18.server) as cursor:
        cursor.execute(f"ALTER DATABASE {shadow.name} IS_TEMPLATE true")

    maker.close()

    assert shadow.name not in databases(pg18)


def test_roles_that_a_replay_left_are_noticed(pg18, like):
    maker = like()
    with session(pg18.server) as cursor:
        cursor.execute("CREATE ROLE left_by_replay")
        try:
            assert maker.roles_left() == ("left_by_replay",)
        finally:
            cursor.execute("DROP ROLE left_by_replay")
    assert maker.roles_left() == ()


def test_a_fork_does_not_drop_what_its_parent_made(pg18, like):
    maker = like()
    shadow = maker.make("x")

    pid = os.fork()
    if pid == 0:
        maker.close()
        os._exit(0)
    os.waitpid(pid, 0)

    assert shadow.name in databases(pg18)


def test_facts_are_read(pg15, database):
    live = database(pg15, "CREATE EXTENSION hstore", "CREATE SCHEMA app")
    live.execute("SET search_path = app, nowhere, public; SET TimeZone = 'Asia/Kathmandu'")

    facts = read_facts(live.connection)

    assert (facts.dialect, facts.major, facts.database) == ("postgresql", 15, live.name)
    assert facts.server_version.startswith("15.")
    assert (facts.encoding, facts.collation, facts.ctype) == ("UTF8", "C", "C")
    assert (facts.locale_provider, facts.locale) == ("libc", "")
    assert facts.extensions == {"plpgsql", "hstore"}
    assert facts.roles == ("postgres",)
    assert facts.user == "postgres"
    assert facts.search_path == "app, nowhere, public"
    assert facts.time_zone == "Asia/Kathmandu"
    assert facts.schemas == ("app",)


def test_the_identity_is_that_of_one_database(pg15, pg16, database):
    live, beside, elsewhere = database(pg15), database(pg15), database(pg16)

    identity = read_facts(live.connection).identity

    assert read_facts(connect(live.url)).identity == identity
    assert read_facts(beside.connection).identity != identity
    assert read_facts(elsewhere.connection).identity != identity


def test_facts_of_icu_are_read_and_met_where_there_is_icu(pg15):
    with session(pg15.server) as cursor:
        cursor.execute(
            "CREATE DATABASE icu TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'"
        )
    try:
        with session(pg15.server.set(database="icu")) as cursor:
            facts = read_facts(cursor.connection)
        assert (facts.locale_provider, facts.locale) == ("icu", "de-AT")
        with ServerMaker("Tests.", pg15.server, facts) as alike:
            shadow = alike.make("x")
            assert alike.notes == []
            query = "SELECT daticulocale FROM pg_database WHERE datname = current_database()"
            assert ask(shadow, query) == ("de-AT",)
        with PrivateMaker("Tests.", embedded_installations()[0], facts) as without:
            without.make("x")
            assert "de-AT" in without.notes[0]
    finally:
        with session(pg15.server) as cursor:
            cursor.execute("DROP DATABASE icu WITH (FORCE)")
