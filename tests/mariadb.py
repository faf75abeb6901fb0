"""A MariaDB server for the tests, if one is installed on this machine.

``DRIFTCHECK_TEST_MYSQL_URL`` names another server, where databases may be made:
``mysql+pymysql://root@host/``.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy.engine import URL, make_url

from driftcheck.databases.connection import connect
from driftcheck.errors import ConnectionFailedError

VARIABLE = "DRIFTCHECK_TEST_MYSQL_URL"
SETTINGS = (
    "--bind-address=127.0.0.1",
    "--skip-log-bin",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--event-scheduler=OFF",
    "--character-set-server=utf8mb4",
)
_PLACES = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
_SECONDS_TO_START = 60


@contextmanager
def mariadb_server(parent):
    """Give the URL of the variable's server, or of a server that runs within this context.

    Args:
        parent: Where the directory of the server is made. The path of its socket must be short.
    """
    if VARIABLE in os.environ:
        yield make_url(os.environ[VARIABLE])
        return
    server, installer = (
        shutil.which(name, path=_PLACES) for name in ("mariadbd", "mariadb-install-db")
    )
    if server is None or installer is None:
        pytest.skip(f"no MariaDB server is installed, and {VARIABLE} names none")
    with tempfile.TemporaryDirectory(prefix="mariadb-", dir=parent) as directory:
        home, port = Path(directory), _free_port()
        # A server that starts removes the temporary tables that it finds, also those of others.
        (home / "temporary").mkdir()
        own = ["--no-defaults", f"--datadir={home / 'data'}", f"--tmpdir={home / 'temporary'}"]
        own += ["--user=root"] if os.geteuid() == 0 else []
        access = ["--auth-root-authentication-method=normal", "--skip-test-db"]
        subprocess.run([installer, *own, *access], check=True, capture_output=True)
        places = [f"--socket={home / 'socket'}", f"--pid-file={home / 'pid'}", f"--port={port}"]
        with (home / "log").open("wb") as log:
            process = subprocess.Popen([server, *own, *places, *SETTINGS], stdout=log, stderr=log)
        try:
            url = URL.create("mysql+pymysql", "root", host="127.0.0.1", port=port)
            _wait(url, process)
            yield url
        finally:
            process.terminate()
            process.wait()


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _wait(url, process):
    end = time.monotonic() + _SECONDS_TO_START
    while True:
        try:
            connect(url).close()
        except ConnectionFailedError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
        else:
            return


class MariaDBDatabase:
    """A database of a test's own, and a connection to it where every statement is committed."""

    def __init__(self, server, name):
        self._server = server
        self.name = name
        self.url = server.set(database=name)
        self.connection = connect(self.url)

    @classmethod
    def new(cls, server, name):
        """Create a database."""
        run(server, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        return cls(server, name)

    @property
    def text_url(self):
        """The URL for an environment variable or an option."""
        return self.url.render_as_string(hide_password=False)

    def execute(self, *statements):
        """Run statements and return the rows of the last one."""
        return execute(self.connection, *statements)

    def drop(self):
        """Drop the database."""
        self.connection.close()
        run(self._server, f"DROP DATABASE {self.name}")


def run(url, statement):
    """Run a statement on a connection of its own."""
    with closing(connect(url)) as connection:
        execute(connection, statement)


def execute(connection, *statements):
    """Run statements, commit, and return the rows of the last one."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    connection.commit()
    return rows
