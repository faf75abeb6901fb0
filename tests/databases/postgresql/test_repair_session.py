"""The session of a repair: the servers and users that it refuses, and its time limits."""

from contextlib import closing

import pytest
from sqlalchemy.engine import make_url

from driftcheck.databases.postgresql.repair_session import PostgreSQLRepairSession
from driftcheck.databases.repair_session import RepairLimits
from driftcheck.errors import RepairError
from driftcheck.schema import Address
from tests.databases.postgresql.pooler import Pooler


def opened(url):
    return closing(PostgreSQLRepairSession(make_url(url), RepairLimits(3, 30)))


def test_a_pooler_in_transaction_mode_is_refused(database, pg16):
    live = database(pg16)
    with (
        Pooler(live.url, is_shared=True) as pooler,
        pytest.raises(RepairError, match="a connection pooler in transaction mode") as caught,
    ):
        opened(pooler.url)
    assert "session mode" in caught.value.hint


def test_a_pooler_in_session_mode(database, pg16):
    live = database(pg16)
    with Pooler(live.url, is_shared=False) as pooler, opened(pooler.url) as session:
        session.lock()
        session.begin(())
        session.execute("CREATE TABLE public.made ()")
        session.commit()
    assert live.execute("SELECT 'made'::regclass::text") == [("made",)]


def test_a_user_without_rights(database, pg16):
    live = database(pg16, "CREATE TABLE alembic_version ()", "CREATE ROLE test_repair_low LOGIN")
    version_table = Address("table", "public", ("alembic_version",))
    try:
        with (
            opened(live.url.set(username="test_repair_low")) as session,
            pytest.raises(RepairError, match="permission denied for table") as caught,
        ):
            session.begin([version_table])
        assert "the rights of the user that runs the migrations" in caught.value.hint
    finally:
        live.execute("DROP ROLE test_repair_low")


def test_a_time_limit_of_the_user_does_not_end_the_transaction(database, pg18):
    live = database(pg18)
    live.execute(f'ALTER DATABASE "{live.name}" SET transaction_timeout = 200')
    with opened(live.url) as session:
        session.begin(())
        session.execute("SELECT pg_catalog.pg_sleep(0.4)")
        session.commit()
