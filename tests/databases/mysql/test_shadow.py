"""Shadow databases on MariaDB."""

import getpass
import os
import shutil
import subprocess
import time
from contextlib import closing, contextmanager

import pytest
from sqlalchemy.engine import URL

from driftcheck.databases.connection import connect
from driftcheck.databases.mysql.shadow import MySQLMaker
from driftcheck.databases.shadow_choice import choose
from driftcheck.errors import ShadowError
from driftcheck.storage.shadow_names import shadow_name


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A database of a MariaDB server, and where it is."""
    pytest.importorskip("pymysql")
    if not (shutil.which("mariadbd") and shutil.which("mariadb-install-db")):
        pytest.skip("there is no MariaDB on this machine")
    directory = tmp_path_factory.mktemp("mariadb")
    socket, data, ready = directory / "socket", directory / "data", directory / "pid"
    common = ["--no-defaults", f"--datadir={data}", f"--user={getpass.getuser()}"]
    subprocess.run(
        ["mariadb-install-db", *common, "--auth-root-authentication-method=normal"],
        check=True,
        capture_output=True,
    )
    server = URL.create("mysql+pymysql", username="root", query={"unix_socket": str(socket)})
    with subprocess.Popen(
        ["mariadbd", *common, f"--socket={socket}", f"--pid-file={ready}", "--skip-networking"],
        stderr=subprocess.DEVNULL,
    ) as process:
        _wait_for(ready)
        run(server, "CREATE DATABASE shop CHARACTER SET latin1 COLLATE latin1_german1_ci")
        yield server.set(database="shop")
        process.terminate()


def _wait_for(ready):
    for _ in range(300):
        if ready.exists():
            return
        time.sleep(0.1)
    pytest.fail("MariaDB does not start")


def run(url, statement):
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def reaches(shadow, url):
    with closing(connect(url)) as connection:
        return shadow.is_reached_by(connection)


def databases(url):
    return {name for (name,) in run(url, "SHOW DATABASES")}


@contextmanager
def left_behind(live, name):
    run(live, f"CREATE DATABASE `{name}`")
    yield
    run(live, f"DROP DATABASE IF EXISTS `{name}`")


def test_a_shadow_is_empty_and_marked_and_dropped(live):
    with choose(None, None, live) as maker:
        assert isinstance(maker, MySQLMaker)
        shadow, other = maker.make("models"), maker.make("models")

        assert run(shadow.url, "SHOW TABLES") == ()
        assert reaches(shadow, shadow.url)
        assert not reaches(shadow, other.url)
        assert not reaches(shadow, live)
        query = "SELECT @@character_set_database, @@collation_database"
        assert run(shadow.url, query) == (("latin1", "latin1_german1_ci"),)
        other.drop()
        assert other.name not in databases(live)
    assert shadow.name not in databases(live)


def test_what_a_killed_run_left_is_dropped(live, mark, yesterday):
    for left in (mark(), mark(host="elsewhere", started=yesterday)):
        with left_behind(live, shadow_name("models", left)):
            MySQLMaker("Tests.", live).close()
            assert shadow_name("models", left) not in databases(live)


def test_what_is_in_use_or_has_another_name_stays(live, mark):
    left = shadow_name("models", mark())
    names = [
        shadow_name("models", mark(pid=os.getpid())),
        shadow_name("models", mark(host="elsewhere")),
        "driftcheck_shadow_models",
        f"{left}_precious",
        f"precious_{left}",
        f"{left[:-1]}{'0' if left[-1] != '0' else '1'}",
    ]
    for name in names:
        with left_behind(live, name):
            MySQLMaker("Tests.", live).close()
            assert name in databases(live)


def test_a_copy_has_tables_and_rows(live):
    with MySQLMaker("Tests.", live) as maker:
        shadow = maker.make("x")
        with closing(connect(shadow.url)) as connection, closing(connection.cursor()) as cursor:
            cursor.execute("CREATE TABLE t (a int)")
            cursor.execute("INSERT INTO t VALUES (7)")
            connection.commit()
        assert run(maker.make("y", shadow).url, "SELECT a FROM t") == ((7,),)


def test_a_user_who_may_not_is_told_so_without_the_password(live):
    run(live, "CREATE USER plain@localhost IDENTIFIED BY 's3cret'")
    run(live, "GRANT SELECT ON shop.* TO plain@localhost")

    with MySQLMaker("Tests.", live.set(username="plain", password="s3cret")) as maker:
        with pytest.raises(ShadowError) as caught:
            maker.make("x")
        assert "plain" in caught.value.details
        assert "s3cret" not in caught.value.details


def test_leftovers_of_another_user_hinder_nothing_and_are_told(live, mark):
    old = shadow_name("models", mark())
    run(live, "CREATE USER reader@localhost")
    run(live, "GRANT SELECT, SHOW DATABASES ON *.* TO reader@localhost")
    with left_behind(live, old):
        with MySQLMaker("Tests.", live.set(username="reader")) as maker:
            (note,) = maker.notes
        assert f"DROP DATABASE `{old}`" in note
        assert old in databases(live)


def test_a_server_that_does_not_answer_is_told_without_the_password(live):
    wrong = live.set(username="nobody", password="s3cret")

    with pytest.raises(ShadowError, match="cannot connect") as caught:
        MySQLMaker("Tests.", wrong)
    assert "s3cret" not in str(caught.value) + caught.value.details
