"""Private servers: each process has its own, and finds order whatever happened to others."""

import dataclasses
import os
import shutil
import signal
import subprocess
import time
import traceback
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from driftcheck.databases.postgresql.shadow.account import (
    SERVER_DIRECTORY,
    Account,
    private_directory,
)
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.choice import start_early, stop_early
from driftcheck.databases.postgresql.shadow.facts import read_facts
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.databases.postgresql.shadow.private_server import PrivateServer
from driftcheck.databases.postgresql.shadow.spare import SPARE_PREFIX
from driftcheck.errors import NotAnsweredError, ShadowError
from driftcheck.storage.cache_directory import VARIABLE

MAKE = """
import sys
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.databases.postgresql.shadow.private import PrivateMaker

maker = PrivateMaker("Tests.", embedded_installations()[0], None)
shadow = maker.make("x")
print(shadow.name, maker.server.query["host"], flush=True)
"""
WAIT = MAKE + "sys.stdin.read()"
TERMINATED = (
    """
import signal

def terminate(*_):
    raise SystemExit(143)

signal.signal(signal.SIGTERM, terminate)
"""
    + MAKE
    + "with maker: signal.pause()"
)

pytestmark = pytest.mark.skipif(not embedded_installations(), reason="no embedded PostgreSQL")


@pytest.fixture
def installation():
    return embedded_installations()[0]


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory, pg18):
    """A cache for the tests of this file, where each finds the first slot free.

    ``pg18`` lasts longer, so it must have been started in the cache of all tests before.
    """
    directory = tmp_path_factory.mktemp("private")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(directory))
        yield directory
        shutil.rmtree(Account.for_servers().home())


def open_maker(installation, facts=None):
    return PrivateMaker("Tests.", installation, facts)


def slot_of(maker):
    return maker._private._slot.path


def databases(server):
    """Return the databases, without the empty shadow that an earlier test may have kept."""
    with session(server) as cursor:
        cursor.execute(
            "SELECT datname FROM pg_database WHERE NOT datistemplate"
            f" AND NOT starts_with(datname::text, '{SPARE_PREFIX}')"
        )
        return [name for (name,) in cursor.fetchall()]


def is_running(directory):
    return (Path(directory) / ".s.PGSQL.5432").exists()


def kill_server(maker):
    pid = int((slot_of(maker) / "data" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    while (Path("/proc") / str(pid)).exists():
        time.sleep(0.01)


def test_a_server_is_stopped_when_its_maker_is_closed(own_cache, installation):
    with open_maker(installation) as maker:
        assert is_running(slot_of(maker))
    assert not is_running(slot_of(maker))


def test_the_data_directory_is_kept_for_the_next_time(own_cache, installation, facts):
    with open_maker(installation, dataclasses.replace(facts, roles=("app",))) as maker:
        made = (slot_of(maker) / "data" / "PG_VERSION").stat().st_mtime_ns
    with open_maker(installation) as maker:
        assert (slot_of(maker) / "data" / "PG_VERSION").stat().st_mtime_ns == made


def test_nobody_else_can_reach_it(own_cache, installation):
    with open_maker(installation) as maker, session(maker.server) as cursor:
        for directory in (slot_of(maker), slot_of(maker) / "data"):
            assert directory.stat().st_mode & 0o077 == 0
        cursor.execute("SHOW listen_addresses")
        assert cursor.fetchone() == ("",)


def test_a_transaction_may_lock_thousands_of_tables(own_cache, installation):
    # These locks share their room with those on tables, and are taken quicker.
    locks = "SELECT count(pg_advisory_xact_lock(n)) FROM generate_series(1, 50000) n"
    with open_maker(installation) as maker, session(maker.server) as cursor:
        cursor.execute(locks)
        assert cursor.fetchone() == (50000,)


def test_two_processes_at_once_do_not_meet(own_cache, installation, python):
    with open_maker(installation) as maker, python(WAIT, stdin=subprocess.PIPE) as other:
        _, directory = other.first_line.split()

        assert directory != str(slot_of(maker))
        assert databases(maker.server) == ["postgres"]
        with session(maker.server) as cursor:
            cursor.execute("CREATE ROLE only_here")  # would fail if the next one did the same
        other.communicate()
        assert other.returncode == 0
        assert not is_running(directory)
        assert maker.make("y").name in databases(maker.server)


def test_after_kill_9_the_next_process_takes_over_the_server_and_sweeps(
    own_cache, installation, python
):
    with python(WAIT, stdin=subprocess.PIPE) as other:
        name, directory = other.first_line.split()
        server = (Path(directory) / "data" / "postmaster.pid").read_text()
        other.kill()
        other.wait()
    assert is_running(directory)

    with open_maker(installation) as maker:
        assert (slot_of(maker) / "data" / "postmaster.pid").read_text() == server
        assert name not in databases(maker.server)
    assert not is_running(directory)


def test_after_kill_9_the_servers_of_other_slots_are_stopped(own_cache, installation, python):
    with (
        python(WAIT, stdin=subprocess.PIPE) as one,
        python(WAIT, stdin=subprocess.PIPE) as other,
        python(WAIT, stdin=subprocess.PIPE) as running,
    ):
        directories = [process.first_line.split()[1] for process in (one, other, running)]
        for process in (one, other):
            process.kill()
            process.wait()
        assert [*map(is_running, directories)] == [True] * 3

        with open_maker(installation):
            up = [*map(is_running, directories)]
        assert [is_running(directory) for directory in directories] == [False, False, True]
        assert up.count(True) == 2
        running.communicate()


SUBSCRIPTION = (
    "CREATE SUBSCRIPTION s CONNECTION 'host=x' PUBLICATION p "
    "WITH (connect = false, slot_name = NONE)"
)
FORKS = WAIT.replace(
    "print(",
    """import os, time
if os.fork() == 0:
    os.close(1)
    time.sleep(30)
    os._exit(0)
print(""",
)


@pytest.mark.parametrize("killed", [True, False])
def test_a_child_of_user_code_keeps_neither_the_slot_nor_the_server(
    own_cache, installation, python, killed
):
    with python(FORKS, stdin=subprocess.PIPE, start_new_session=True) as process:
        _, directory = process.first_line.split()
        if killed:
            process.kill()
        else:
            process.stdin.close()
        process.wait()
        with open_maker(installation) as maker:
            assert str(slot_of(maker)) == directory
        assert not is_running(directory)
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize(
    "doing",
    [
        "ALTER DATABASE {name} IS_TEMPLATE true",
        SUBSCRIPTION,
    ],
)
def test_what_cannot_be_dropped_does_not_stop_the_next_run(own_cache, installation, python, doing):
    with python(WAIT, stdin=subprocess.PIPE) as process:
        name, directory = process.first_line.split()
        url = f"host={directory} port=5432 user=postgres dbname={name}"
        with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
            connection.autocommit = True
            cursor.execute(doing.format(name=name))
        process.kill()
        process.wait()
    with open_maker(installation) as maker:
        assert str(slot_of(maker)) == directory
        assert databases(maker.server) == ["postgres"]
        assert maker.make("x").name in databases(maker.server)


def test_what_takes_too_long_to_drop_does_not_stop_the_next_run(
    own_cache, installation, python, monkeypatch
):
    with python(WAIT, stdin=subprocess.PIPE) as process:
        name, directory = process.first_line.split()
        process.kill()
        process.wait()

    def sweep(*_, **__):
        raise NotAnsweredError("the server did not answer within 120 seconds")

    monkeypatch.setattr("driftcheck.databases.postgresql.shadow.private.sweep", sweep)
    with open_maker(installation) as maker:
        assert str(slot_of(maker)) == directory
        assert name not in databases(maker.server)


def test_a_process_holds_a_slot_once(own_cache, installation):
    with open_maker(installation) as one, open_maker(installation) as other:
        assert slot_of(one) != slot_of(other)


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_becomes_an_exception_leaves_nothing(own_cache, python, end):
    with python(TERMINATED, stderr=subprocess.DEVNULL) as process:
        _, directory = process.first_line.split()
        process.send_signal(end)
        process.wait()
    assert not is_running(directory)
    with open_maker(embedded_installations()[0]) as maker:
        assert str(slot_of(maker)) == directory


def test_a_process_that_forgets_to_close_leaves_nothing(own_cache, python):
    with python(MAKE) as process:
        _, directory = process.first_line.split()
        process.wait()
    assert process.returncode == 0
    assert not is_running(directory)


@pytest.mark.parametrize("lost", ["global/pg_control", "PG_VERSION", "pg_wal"])
def test_a_damaged_data_directory_is_made_anew(own_cache, installation, lost):
    with open_maker(installation) as maker:
        data = slot_of(maker) / "data"
    if (data / lost).is_dir():
        shutil.rmtree(data / lost)
    else:
        (data / lost).unlink()

    with open_maker(installation) as maker:
        maker.make("x")
        assert slot_of(maker) / "data" == data


def test_a_data_directory_that_was_not_shut_down_is_made_anew(own_cache, installation):
    maker = open_maker(installation)
    made = (slot_of(maker) / "data" / "PG_VERSION").stat().st_mtime_ns
    kill_server(maker)
    maker.close()

    with open_maker(installation) as maker:
        maker.make("x")
        assert (slot_of(maker) / "data" / "PG_VERSION").stat().st_mtime_ns != made


def test_a_half_made_data_directory_is_made_anew(own_cache, installation):
    account = Account.for_servers()
    with open_maker(installation) as maker:
        slot = slot_of(maker)
    shutil.rmtree(slot / "data")
    account.directory(slot / "incomplete")
    (slot / "incomplete" / "PG_VERSION").write_text("18")

    with open_maker(installation) as maker:
        maker.make("x")
    assert not (slot / "incomplete").exists()


def test_a_server_that_cannot_start_says_why_and_frees_its_slot(
    own_cache, installation, monkeypatch
):
    settings = "driftcheck.databases.postgresql.shadow.private_server._SETTINGS"
    with monkeypatch.context() as patch:
        patch.setattr(settings, {"shared_buffers": "a lot"})
        with pytest.raises(ShadowError, match="does not start") as caught:
            open_maker(installation)
        assert 'invalid value for parameter "shared_buffers"' in caught.value.details
    with open_maker(installation) as maker:
        assert slot_of(maker).name.endswith("-0")


def test_a_path_too_long_for_a_socket(tmp_path, monkeypatch, installation):
    home = private_directory(tmp_path / ("x" * 100), os.geteuid(), mode=0o755)
    for directory in (tmp_path, *tmp_path.parents):
        if directory.name.startswith(("pytest-", "popen-", "test_")):
            directory.chmod(0o755)  # for the account of the server
    monkeypatch.setattr(Account, "home", lambda _: home)

    with open_maker(installation) as maker:
        directory = Path(maker.server.query["host"])
        assert maker.make("x").name in databases(maker.server)
        assert directory.stat().st_mode & 0o077 == 0
        assert is_running(directory)
    assert not directory.exists()


@pytest.mark.parametrize(
    "doing",
    [
        "CREATE ROLE left_by_replay",
        "CREATE ROLE owner; CREATE DATABASE left_by_replay OWNER owner",
        "ALTER SYSTEM SET work_mem = '1MB'",
        "ALTER SYSTEM SET statement_timeout = 1",
        "ALTER ROLE postgres SET search_path = nowhere",
        "ALTER ROLE postgres NOLOGIN",
        "ALTER DATABASE postgres SET search_path = nowhere",
    ],
)
def test_what_a_replay_does_to_the_whole_server_is_not_met_by_the_next_run(
    own_cache, installation, doing
):
    with open_maker(installation) as maker, session(maker.server) as cursor:
        for statement in doing.split("; "):
            cursor.execute(statement)

    with open_maker(installation) as maker, session(maker.server) as cursor:
        assert databases(maker.server) == ["postgres"]
        cursor.execute("SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_'")
        assert cursor.fetchall() == [("postgres",)]
        cursor.execute("SELECT count(*) FROM pg_db_role_setting")
        assert cursor.fetchone() == (0,)
        cursor.execute("SHOW work_mem")
        assert cursor.fetchone() == ("4MB",)


@pytest.fixture
def facts(pg18):
    with session(pg18.server) as cursor:
        return read_facts(cursor.connection)


def test_the_roles_that_live_knows_are_there(own_cache, installation, facts):
    live = dataclasses.replace(facts, roles=("app", "Jo's", "owner"), user="owner")

    with open_maker(installation, live) as maker, session(maker.make("x").url) as cursor:
        cursor.execute(
            "SELECT current_user, pg_get_userbyid(datdba) FROM pg_database "
            "WHERE datname = current_database()"
        )
        assert cursor.fetchone() == ("owner", "owner")
        cursor.execute('CREATE TABLE t (); GRANT SELECT ON t TO app, "Jo\'s"')
        assert maker.roles_left() == ()


def test_a_role_is_released_so_that_a_replay_can_make_it(own_cache, installation, facts):
    live = dataclasses.replace(facts, roles=("app", "reader", "owner"), user="owner")

    with open_maker(installation, live) as maker, session(maker.make("x").url) as cursor:
        cursor.execute("CREATE TABLE t (); GRANT SELECT ON t TO reader")
        assert maker.release_role("app")
        cursor.execute("CREATE ROLE app")
        assert not maker.release_role("reader")  # the shadow needs it
        assert not maker.release_role("owner")  # the shadow belongs to it
        assert not maker.release_role("nobody_knows")


def test_servers_long_unused_are_forgotten(own_cache, installation):
    account = Account.for_servers()
    old, recent = (account.home() / name for name in ("17-old-0", "17-recent-0"))
    for slot in (old, recent):
        account.directory(slot)
        slot.with_name(f"{slot.name}.lock").touch()
    os.utime(old.with_name("17-old-0.lock"), (0, 0))

    open_maker(installation).close()

    assert not old.exists()
    assert recent.exists()


def test_a_directory_that_is_not_ours_is_refused(tmp_path):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    (tmp_path / "open").mkdir(mode=0o777)
    (tmp_path / "open").chmod(0o777)

    for name in ("file", "link", "open"):
        with pytest.raises(ShadowError, match="not a private directory"):
            private_directory(tmp_path / name, os.geteuid())
    with pytest.raises(ShadowError, match="not a private directory"):
        private_directory(tmp_path, os.geteuid() + 1)


as_root = pytest.mark.skipif(os.geteuid() != 0, reason="about what root has to do otherwise")


@as_root
def test_root_runs_it_as_another_account_and_touches_no_modes(own_cache, installation):
    modes = {path: path.stat().st_mode for path in installation.bin.parents}

    with open_maker(installation) as maker:
        assert (slot_of(maker) / "data").stat().st_uid != 0

    assert {path: path.stat().st_mode for path in installation.bin.parents} == modes


@as_root
def test_root_copies_programs_that_the_account_cannot_reach(own_cache, tmp_path, installation):
    closed = tmp_path / "closed"
    package = installation.bin.parents[1]
    for source in (installation.bin.parent, package.with_name(f"{package.name}.libs")):
        shutil.copytree(source, closed / source.relative_to(package.parent), symlinks=True)
    for path in (closed, *closed.rglob("*")):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)
    there = closed / installation.bin.relative_to(package.parent)
    unreachable = dataclasses.replace(installation, bin=there)

    with open_maker(unreachable) as maker:
        copied = maker._private._bin
        maker.make("x")
    made = (copied / "postgres").stat().st_ctime_ns
    with open_maker(unreachable) as maker:
        assert (maker._private._bin / "postgres").stat().st_ctime_ns == made

    assert copied != there
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_root_says_so_where_other_programs_cannot_be_reached(own_cache, installation):
    elsewhere = dataclasses.replace(installation, bin=own_cache / "bin", embedded=False)

    with pytest.raises(ShadowError, match="cannot reach"):
        open_maker(elsewhere)


@as_root
def test_an_ordinary_user_runs_it_in_a_cache_of_their_own(pg18, installation, monkeypatch):
    account = Account.for_servers()
    cache = account.directory(Path("/tmp") / f"driftcheck-test-{os.getpid()}")  # noqa: S108
    monkeypatch.setenv(VARIABLE, str(cache))
    monkeypatch.delenv(SERVER_DIRECTORY, raising=False)
    try:
        if account.run([str(installation.bin / "initdb"), "-V"], directory=cache).returncode:
            pytest.skip(f"{account.name} cannot reach the programs")
        # A fork, since another account may not be able to run this Python.
        pid = os.fork()
        if pid == 0:
            os._exit(_as_ordinary_user(account, installation, cache))
        assert os.waitpid(pid, 0)[1] == 0
    finally:
        shutil.rmtree(cache)


def _as_ordinary_user(account, installation, cache):
    try:
        os.setgroups([])
        os.setgid(account.gid)
        os.setuid(account.uid)
        with open_maker(installation) as maker:
            assert slot_of(maker).is_relative_to(cache)
            assert maker.make("x").name in databases(maker.server)
        assert not is_running(slot_of(maker))
    except BaseException:  # noqa: BLE001  (whatever it is, pytest must not go on in the fork)
        traceback.print_exc()
        return 1
    return 0


def test_a_cache_that_is_removed_meanwhile_hinders_nothing(own_cache, installation):
    with open_maker(installation) as maker:
        maker.make("x")
        shutil.rmtree(slot_of(maker))

    with open_maker(installation) as maker:
        maker.make("x")


def test_starting_again_is_quick(own_cache, installation):
    open_maker(installation).close()
    started = time.monotonic()

    PrivateServer.start(installation).stop()

    assert time.monotonic() - started < 5


def test_a_server_that_was_started_early_is_taken(own_cache, installation):
    open_maker(installation).close()  # creates the data of the server
    start_early(str(installation.bin))
    with open_maker(installation) as maker:
        assert slot_of(maker).name.endswith("-0")  # not a second server
        assert maker.place == str(installation.bin)
        stop_early()
        assert maker.make("x").name in databases(maker.server)


def test_a_server_that_was_started_early_and_not_used_is_stopped(own_cache, installation):
    with open_maker(installation) as maker:
        directory = slot_of(maker)
    start_early(str(installation.bin))
    stop_early()
    assert not is_running(directory)
    with open_maker(installation) as maker:
        assert slot_of(maker) == directory  # its slot is free again


def test_programs_that_only_the_cache_names_are_not_run(installation, tmp_path, monkeypatch):
    """A file of the cache runs nothing that its author could not run."""
    for name in ("initdb", "pg_ctl", "postgres"):
        (tmp_path / name).write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 18.1'\n")
        (tmp_path / name).chmod(0o755)
    begun = []
    monkeypatch.setattr(PrivateServer, "begin_early", begun.append)
    for place in ("", "damaged", "/gone", str(tmp_path), str(installation.bin)):
        start_early(place)
    assert begun == [installation]


def test_a_process_that_an_old_file_names_is_left_alone(own_cache, installation):
    """After a crash of the machine, its number may belong to another process."""
    with open_maker(installation) as maker:
        pid_file = slot_of(maker) / "data" / "postmaster.pid"
    with subprocess.Popen(["sleep", "60"]) as other:
        pid_file.write_text(f"{other.pid}\n")
        start_early(str(installation.bin))
        stop_early()
        assert other.poll() is None
        other.kill()
    pid_file.unlink()


def test_a_forked_process_does_not_stop_it(own_cache, installation):
    open_maker(installation).close()  # creates the data of the server
    start_early(str(installation.bin))
    child = os.fork()
    if not child:
        stop_early()
        os._exit(0)
    os.waitpid(child, 0)
    with open_maker(installation) as maker:
        assert slot_of(maker).name.endswith("-0")
        assert maker.make("x").name in databases(maker.server)
