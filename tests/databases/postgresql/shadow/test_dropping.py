"""Shadows that DROP DATABASE refuses: no run fails for them, and they go or are told."""

from contextlib import closing

import psycopg2
import pytest
from psycopg2.extras import LogicalReplicationConnection

from driftcheck.databases.connection import connect
from driftcheck.databases.postgresql.shadow import dropping, private_server
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.dropping import obstacles_of
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.databases.postgresql.shadow.server import ServerMaker
from driftcheck.storage.shadow_names import shadow_name

SUBSCRIPTION = """
CREATE SUBSCRIPTION feed CONNECTION 'host=nowhere' PUBLICATION p
WITH (connect = false, slot_name = {slot})
"""
ENABLED = "ALTER SUBSCRIPTION feed ENABLE"
PREPARED = "BEGIN; CREATE TABLE t (); PREPARE TRANSACTION 'half done in {name}'"
SLOT = "SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')"
REFUSED = {
    "template": ["ALTER DATABASE {name} IS_TEMPLATE true"],
    "subscription": [SUBSCRIPTION.format(slot="NONE")],
    "subscription with a slot": [SUBSCRIPTION.format(slot="gone")],
    "subscription that is on": [SUBSCRIPTION.format(slot="gone"), ENABLED],
    "prepared transaction": [PREPARED],
    "slot": [SLOT],
    "closed": [SUBSCRIPTION.format(slot="NONE"), "ALTER DATABASE {name} ALLOW_CONNECTIONS false"],
    "full": [SUBSCRIPTION.format(slot="NONE"), "ALTER DATABASE {name} CONNECTION LIMIT 0"],
    "all of it": [
        "ALTER DATABASE {name} IS_TEMPLATE true",
        SUBSCRIPTION.format(slot="NONE"),
        SLOT,  # it would wait for the transaction
        PREPARED,
        "ALTER DATABASE {name} ALLOW_CONNECTIONS false",
    ],
}

pytestmark = pytest.mark.skipif(not embedded_installations(), reason="no embedded PostgreSQL")


@pytest.fixture(scope="module")
def server(cache):
    """A server on which all that can be in the way can be made."""
    settings = {
        "wal_level": "logical",
        "max_wal_senders": "10",
        "max_prepared_transactions": "10",
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setitem(private_server._SETTINGS, name, value)
        maker = PrivateMaker("Tests.", embedded_installations()[0], None)
    with maker:
        yield maker.server


def run_in(server, name, statements):
    for statement in statements:
        # These cannot be run in the database that they are about.
        place = "postgres" if statement.startswith("ALTER DATABASE") else name
        with closing(psycopg2.connect(_dsn(server, place))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for one in statement.format(name=name).split("; "):
                    cursor.execute(one)


def _dsn(server, name):
    query = server.query
    return f"host={query['host']} port={query['port']} user={server.username} dbname={name}"


def databases(server):
    with session(server) as cursor:
        cursor.execute("SELECT datname FROM pg_database")
        return {name for (name,) in cursor.fetchall()}


@pytest.mark.parametrize("statements", REFUSED.values(), ids=REFUSED)
def test_its_own_run_drops_it(server, statements, caplog):
    maker = ServerMaker("Tests.", server, None)
    shadow = maker.make("x")
    run_in(server, shadow.name, statements)

    maker.close()

    assert shadow.name not in databases(server)
    assert caplog.text == ""


@pytest.mark.parametrize("statements", REFUSED.values(), ids=REFUSED)
def test_the_next_run_drops_it(server, mark, statements):
    name = shadow_name("x", mark())
    with session(server) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
    run_in(server, name, statements)

    with ServerMaker("Tests.", server, None) as maker:
        assert name not in databases(server)
        assert maker.notes == []


def test_a_slot_that_is_in_use_does_not_keep_it(server):
    maker = ServerMaker("Tests.", server, None)
    shadow = maker.make("x")
    dsn = _dsn(server, shadow.name)
    factory = LogicalReplicationConnection
    with closing(psycopg2.connect(dsn, connection_factory=factory)) as reader:
        with reader.cursor() as cursor:
            cursor.create_replication_slot("used", output_plugin="pgoutput")
            cursor.start_replication(
                "used", options={"proto_version": "1", "publication_names": "p"}
            )

            maker.close()

        assert shadow.name not in databases(server)


def test_what_a_killed_drop_database_left_is_dropped(server, mark):
    name = shadow_name("x", mark())
    with session(server) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute("UPDATE pg_database SET datconnlimit = -2 WHERE datname = %s", (name,))

    ServerMaker("Tests.", server, None).close()

    assert name not in databases(server)


@pytest.fixture
def short_pauses(monkeypatch):
    """Let what is in the way for good not be waited for."""
    monkeypatch.setattr(dropping, "_PAUSE_SECONDS", 0.01)


@pytest.fixture
def plain(server):
    """A user who may make databases, and subscriptions, and no more."""
    with session(server) as cursor:
        cursor.execute("CREATE ROLE plain LOGIN CREATEDB")
        yield server.set(username="plain")
        cursor.execute("DROP ROLE plain")


def test_what_stays_is_told_with_the_sql_that_drops_it(server, plain, caplog, short_pauses):
    maker = ServerMaker("Tests.", plain, None)
    shadow, other = maker.make("x"), maker.make("y")
    # A superuser's subscription and transaction, in a database of somebody who is none.
    run_in(server, shadow.name, REFUSED["all of it"])

    maker.close()

    assert databases(server) & {shadow.name, other.name} == {shadow.name}
    told = caplog.records[0].getMessage()
    assert shadow.name in told
    with session(server) as cursor:
        obstacles = obstacles_of(cursor, shadow.name)
        advised = told.partition("As a superuser, run ")[2].split(" Then ")
        places, statements = zip(*(step.split(": ", 1) for step in advised), strict=True)
        assert places == (
            "in another database",
            f"in the database {shadow.name}",
            "in another database",
        )
        before, within, after = ([*text.rstrip(";").split("; ")] for text in statements)
        assert within == list(obstacles.within)
        for statement in before:
            cursor.execute(statement)
        run_in(server, shadow.name, within)
        for statement in after:
            cursor.execute(statement)
    assert shadow.name not in databases(server)


def test_what_stays_does_not_stop_the_next_run(server, plain, mark):
    name = shadow_name("x", mark())
    with session(server) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        with ServerMaker("Tests.", plain, None) as maker:
            assert maker.make("y").is_reached_by(connect(maker._made[-1].url))
            assert name in maker.notes[0]
        cursor.execute(f"DROP DATABASE {name}")


def test_the_code_of_somebody_else_s_database_is_not_run(server, plain, mark, short_pauses):
    """A hostile database with the name of a shadow: its owner's operators must not be called."""
    name = shadow_name("x", mark())
    with session(plain) as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        cursor.execute(f"ALTER DATABASE {name} SET search_path = evil, pg_catalog")
    run_in(
        plain,
        name,
        [
            "CREATE SCHEMA evil; CREATE TABLE evil.called ()",
            "CREATE VIEW evil.pg_prepared_xacts AS SELECT 'x'::text AS gid, 'x'::name AS database",
        ],
    )
    run_in(server, name, [SUBSCRIPTION.format(slot="NONE")])

    with ServerMaker("Tests.", server, None) as maker:
        (note,) = maker.notes
        assert name in note
    assert name in databases(server)
    with session(server.set(database=name)) as cursor:
        cursor.execute("DROP SUBSCRIPTION feed")
    with session(server) as cursor:
        cursor.execute(f"DROP DATABASE {name}")
