"""What runs in a private server reaches no network, and no other server of this machine."""

import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from driftcheck.databases.postgresql.shadow import offline
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations, installed_here
from driftcheck.databases.postgresql.shadow.maker import session
from driftcheck.databases.postgresql.shadow.private import PrivateMaker
from driftcheck.errors import ShadowError

REACHED = "reached"
PROGRAM = (
    f"{sys.executable} -c \"import socket; socket.create_connection(('127.0.0.1', {{port}}))\""
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shuts a program off")


@pytest.fixture
def listener():
    """A socket of this machine that somebody could connect to."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        server.settimeout(0.2)
        yield server


@pytest.fixture
def nobody_came(listener):
    yield listener.getsockname()[1]
    with pytest.raises(TimeoutError):
        listener.accept()


@pytest.fixture(scope="module")
def with_dblink(cache):
    """A private server that has dblink and postgres_fdw."""
    for installation in installed_here():
        if {"dblink", "postgres_fdw"} <= installation.extensions:
            with PrivateMaker("Tests.", installation, None) as maker:
                yield maker
                return
    pytest.skip("there is no PostgreSQL with its contrib on this machine")


def fails(maker, *statements):
    """What the server says to the last of some statements."""
    shadow = maker.make("x")
    try:
        with session(shadow.url) as cursor:
            for statement in statements[:-1]:
                cursor.execute(statement)
            with pytest.raises(ShadowError) as caught, session(shadow.url) as another:
                another.execute(statements[-1])
            return caught.value.details
    finally:
        shadow.drop()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_dblink_does_not_reach_the_loopback_interface(with_dblink, nobody_came, host):
    said = fails(
        with_dblink,
        "CREATE EXTENSION dblink",
        f"SELECT dblink_connect('host={host} port={nobody_came} connect_timeout=2')",
    )
    assert "could not" in said


def test_dblink_does_not_reach_another_server_s_socket(with_dblink, pg18):
    """The other one is started by tests, and so is as open to this account as live might be."""
    directory = Path(pg18.server.query["host"])
    with closing(socket.socket(socket.AF_UNIX)) as here:
        here.connect(str(directory / ".s.PGSQL.5432"))
    said = fails(
        with_dblink,
        "CREATE EXTENSION dblink",
        f"SELECT dblink_connect('host={directory} user=postgres dbname=postgres')",
    )
    assert "Network is unreachable" in said


def test_a_foreign_server_is_not_reached(with_dblink, nobody_came):
    said = fails(
        with_dblink,
        "CREATE EXTENSION postgres_fdw",
        "CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw "
        f"OPTIONS (host '127.0.0.1', port '{nobody_came}', connect_timeout '2')",
        "CREATE USER MAPPING FOR PUBLIC SERVER away OPTIONS (password 'x')",
        "CREATE FOREIGN TABLE t (a int) SERVER away",
        "SELECT * FROM t",
    )
    assert "could not connect" in said


@pytest.mark.parametrize("server", ["with_dblink", "pg18"])
def test_a_subscription_does_not_reach_its_publisher(request, nobody_came, server):
    said = fails(
        request.getfixturevalue(server),
        f"CREATE SUBSCRIPTION s CONNECTION 'host=127.0.0.1 port={nobody_came}' PUBLICATION p",
    )
    assert "could not" in said


def test_a_program_does_not_reach_anything(pg18, nobody_came, tmp_path):
    program = Path("/usr/bin/python3")
    if not program.exists():
        pytest.skip("there is no Python that every account can run")
    code = f"import socket; socket.create_connection(('127.0.0.1', {nobody_came}))"
    said = fails(
        pg18, f"COPY (SELECT 1) TO PROGRAM '{program} -c \"{code.replace(chr(39), chr(39) * 2)}\"'"
    )
    assert "failed" in said


def test_the_server_itself_is_reached_and_says_nothing(pg18):
    assert "network" not in pg18.how
    with session(pg18.make("x").url) as cursor:
        cursor.execute("SELECT 1")


def test_where_the_system_cannot_it_starts_all_the_same_and_says_so(monkeypatch, cache):
    monkeypatch.setattr(sys, "platform", "other")
    with PrivateMaker("Tests.", embedded_installations()[0], None) as maker:
        assert "access to networks cannot be blocked" in maker.how
        maker.make("x")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("socket.socket(socket.AF_INET)", "Address family not supported"),
        ("socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)", "Address family not supported"),
        ("socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)", "Address family not supported"),
        ("socket.socket(socket.AF_UNIX).connect('/tmp/x')", "Network is unreachable"),
        ("subprocess.run(['sh', '-c', 'exit 7'], check=True)", "exit status 7"),
    ],
)
def test_the_kernel_refuses(tmp_path, code, said):
    sign = tmp_path / "sign"
    program = [sys.executable, "-c", f"import socket, subprocess; {code}"]
    script = [sys.executable, "-I", "-S", offline.__file__, "-", "-", str(sign)]
    done = subprocess.run([*script, *program], capture_output=True, text=True, check=False)
    assert sign.exists()
    assert said in done.stderr
