"""Ways by which user code may try to write to a live database, by name, and what becomes of each.

Each way is the text of ``intruder.py``, which the ``env.py`` of a small project imports, or the body
of its revision. It finds in ``live.py`` where the live database is. What becomes of it:

- ``refused``: the check fails; the message names the file and the line.
- ``told``: user code ran after the check, or where it had no part in that: a message follows the
  report.
- ``nowhere``: what was started found no way to the server, and failed.
- ``shadow``: it was done, in a shadow database.
- ``open``: it reached live. This is not promised, and ``docs/security.md`` says so.
"""

from dataclasses import dataclass
from textwrap import dedent

CREATE = "CREATE TABLE intruder (id integer)"


@dataclass(frozen=True)
class Way:
    """One way.

    Attributes:
        name: What it is called.
        lives: The sorts of live database it is tried on: ``socket``, ``tcp``, ``sqlite``.
        outcome: What becomes of it.
        code: What the project does.
        place: ``env`` or ``revision``: where it does it.
        options: Of ``driftcheck compare``.
        says: A part of the message.
    """

    name: str
    lives: tuple[str, ...]
    outcome: str
    code: str
    place: str = "env"
    options: str = ""
    says: str = ""


WAYS = []


def way(name, lives, outcome, code, **more):
    WAYS.append(Way(name, tuple(lives.split()), outcome, dedent(code).strip() + "\n", **more))


def run_by(connection):
    """Statements that write by a DB-API connection."""
    return f"\nconnection = {connection}\nconnection.autocommit = True\nconnection.cursor().execute(CREATE)\n"


PSYCOPG2 = "import psycopg2\n"
NO_SHADOW = "leads to no shadow database"

# psycopg2: written in C, on libpq.
way(
    "psycopg2.connect",
    "socket tcp",
    "refused",
    PSYCOPG2 + run_by("psycopg2.connect(DSN)"),
    says=NO_SHADOW,
)
way(
    "psycopg2.connect with options",
    "socket tcp",
    "refused",
    PSYCOPG2 + run_by('psycopg2.connect(DSN, options="-c default_transaction_read_only=off")'),
)
way(
    "psycopg2 set_session",
    "socket",
    "refused",
    PSYCOPG2
    + """
connection = psycopg2.connect(URL)
connection.set_session(readonly=False, autocommit=True)
connection.cursor().execute(CREATE)
""",
)
way(
    "psycopg2.connect by keywords",
    "tcp",
    "refused",
    PSYCOPG2 + run_by("psycopg2.connect(host=HOST, port=PORT, user=USER, dbname=NAME)"),
)
way(
    "psycopg2.connect by hostaddr",
    "tcp",
    "refused",
    PSYCOPG2 + run_by("psycopg2.connect(hostaddr=HOST, port=PORT, user=USER, dbname=NAME)"),
)
way(
    "psycopg2.connect to several hosts",
    "tcp",
    "refused",
    PSYCOPG2 + run_by('psycopg2.connect(host=f"{HOST},{HOST}", port=PORT, user=USER, dbname=NAME)'),
)
way(
    "psycopg2.connect by a service",
    "socket tcp",
    "refused",
    PSYCOPG2
    + """
import os
from pathlib import Path
Path("service.conf").write_text(f"[school]\\nhost={HOST}\\nport={PORT}\\nuser={USER}\\ndbname={NAME}\\n")
os.environ["PGSERVICEFILE"] = str(Path("service.conf").resolve())
"""
    + run_by('psycopg2.connect("service=school")'),
)
way(
    "psycopg2.connect by PGHOST",
    "socket tcp",
    "refused",
    PSYCOPG2
    + """
import os
os.environ.update(PGHOST=HOST, PGPORT=str(PORT), PGUSER=USER, PGDATABASE=NAME)
"""
    + run_by('psycopg2.connect("")'),
)
way(
    "psycopg2._psycopg._connect",
    "socket tcp",
    "refused",
    "from psycopg2._psycopg import _connect" + run_by("_connect(DSN)"),
)
way(
    "psycopg2.extensions.connection",
    "socket tcp",
    "nowhere",
    "from psycopg2.extensions import connection as make" + run_by("make(DSN)"),
)
way(
    "psycopg2 connection_factory",
    "socket",
    "refused",
    "import psycopg2\nfrom psycopg2.extras import LoggingConnection"
    + run_by("psycopg2.connect(DSN, connection_factory=LoggingConnection)"),
)
way(
    "psycopg2 connection class of its own",
    "tcp",
    "nowhere",
    "from psycopg2.extras import LoggingConnection" + run_by("LoggingConnection(DSN)"),
)
way(
    "psycopg2 pool",
    "socket",
    "refused",
    "from psycopg2.pool import SimpleConnectionPool"
    + run_by("SimpleConnectionPool(1, 1, DSN).getconn()"),
)
way(
    "psycopg2 asynchronous",
    "tcp",
    "refused",
    PSYCOPG2
    + """
from psycopg2.extras import wait_select
connection = psycopg2.connect(DSN, async_=1)
wait_select(connection)
connection.cursor().execute(CREATE)
wait_select(connection)
""",
)
way(
    "psycopg2 and the error is caught",
    "socket",
    "refused",
    PSYCOPG2
    + """
try:
    psycopg2.connect(DSN)
except Exception:
    pass
""",
)
# psycopg 3
way("psycopg.connect", "socket tcp", "refused", "import psycopg" + run_by("psycopg.connect(DSN)"))
way(
    "psycopg AsyncConnection",
    "socket tcp",
    "refused",
    """
import asyncio
import psycopg
async def write():
    connection = await psycopg.AsyncConnection.connect(DSN, autocommit=True)
    await connection.execute(CREATE)
asyncio.run(write())
""",
)
way(
    "psycopg PGconn",
    "socket tcp",
    "nowhere",
    """
from psycopg.pq import PGconn
connection = PGconn.connect(DSN.encode())
result = connection.exec_(CREATE.encode())
raise SystemExit(connection.error_message.decode())
""",
)
# Drivers written in Python
way(
    "asyncpg.connect",
    "socket tcp",
    "refused",
    """
import asyncio
import asyncpg
async def write():
    await (await asyncpg.connect(host=HOST, port=PORT, user=USER, database=NAME)).execute(CREATE)
asyncio.run(write())
""",
    says="by asyncpg",
)
way(
    "asyncpg pool",
    "tcp",
    "refused",
    """
import asyncio
import asyncpg
async def write():
    pool = await asyncpg.create_pool(URL, min_size=1)
    await pool.execute(CREATE)
asyncio.run(write())
""",
)
way(
    "socket.create_connection",
    "tcp",
    "refused",
    """
import asyncio
import socket
import asyncpg
one = socket.create_connection((HOST, PORT))
""",
)
way(
    "pg8000.dbapi",
    "socket tcp",
    "refused",
    """
import pg8000.dbapi
place = {"unix_sock": f"{HOST}/.s.PGSQL.{PORT}"} if HOST.startswith("/") else {"host": HOST}
connection = pg8000.dbapi.connect(USER, database=NAME, port=PORT, **place)
connection.autocommit = True
connection.cursor().execute(CREATE)
""",
    says="by pg8000",
)
way(
    "pg8000.native",
    "tcp",
    "refused",
    """
import pg8000.native
pg8000.native.Connection(USER, host=HOST, port=PORT, database=NAME).run(CREATE)
""",
)
PROTOCOL = """
import struct
def message(kind, body):
    return kind + struct.pack("!i", len(body) + 4) + body
start = b"\\0\\3\\0\\0user\\0" + USER.encode() + b"\\0database\\0" + NAME.encode() + b"\\0\\0"
def write(one):
    one.sendall(message(b"", start))
    one.recv(65536)
    one.sendall(message(b"Q", CREATE.encode() + b"\\0"))
    one.recv(65536)
"""
way(
    "the protocol on a socket",
    "socket tcp",
    "refused",
    PROTOCOL
    + """
import socket
one = socket.socket(socket.AF_UNIX if HOST.startswith("/") else socket.AF_INET)
one.connect(f"{HOST}/.s.PGSQL.{PORT}" if HOST.startswith("/") else (HOST, PORT))
write(one)
""",
    says="by a socket of its own",
)
way(
    "the protocol on a socket made in C",
    "tcp",
    "refused",
    PROTOCOL
    + """
import _socket
one = _socket.socket(_socket.AF_INET, _socket.SOCK_STREAM)
one.connect_ex((HOST, PORT))
write(one)
""",
)
way(
    "the protocol by asyncio",
    "tcp",
    "refused",
    """
import asyncio
asyncio.run(asyncio.open_connection(HOST, PORT))
""",
)
way(
    "a socket to a name of the same address",
    "tcp",
    "refused",
    """
import socket
socket.create_connection((f"::ffff:{HOST}", PORT))
""",
)
way(
    "a Unix socket by a symbolic link",
    "socket",
    "refused",
    PROTOCOL
    + """
import os
import socket
os.symlink(f"{HOST}/.s.PGSQL.{PORT}", "link")
one = socket.socket(socket.AF_UNIX)
one.connect("link")
write(one)
""",
)
way(
    "libpq by ctypes",
    "socket",
    "refused",
    """
import ctypes
import glob
import psycopg2
import os
pattern = os.path.join(os.path.dirname(os.path.dirname(psycopg2.__file__)), "psycopg2_binary.libs", "libpq-*")
libpq = ctypes.CDLL(glob.glob(pattern)[0])
libpq.PQconnectdb.restype = ctypes.c_void_p
connection = libpq.PQconnectdb(f"{DSN} hostaddr=''".encode())
libpq.PQexec(ctypes.c_void_p(connection), CREATE.encode())
""",
)
# SQLAlchemy
ENGINE = "from sqlalchemy import create_engine, event, pool, text\n"
WRITES = """
import psycopg2
def connect(*_):
    connection = psycopg2.connect(DSN)
    connection.autocommit = True
    connection.cursor().execute(CREATE)
    return connection
"""
way(
    "creator= that writes before it returns",
    "socket tcp",
    "refused",
    ENGINE + WRITES + 'create_engine("postgresql://", creator=connect).connect()\n',
)
way(
    "creator= by asyncpg",
    "tcp",
    "refused",
    """
import asyncio
import asyncpg
from sqlalchemy.ext.asyncio import create_async_engine
async def connect():
    connection = await asyncpg.connect(URL)
    await connection.execute(CREATE)
    return connection
async def write():
    await create_async_engine("postgresql+asyncpg://", async_creator=connect).connect()
asyncio.run(write())
""",
)
way(
    "a ready pool",
    "socket",
    "refused",
    ENGINE + WRITES + 'create_engine("postgresql://", pool=pool.QueuePool(connect)).connect()\n',
)
way(
    "StaticPool",
    "tcp",
    "refused",
    ENGINE
    + WRITES
    + 'create_engine("postgresql://", poolclass=pool.StaticPool, creator=connect).connect()\n',
)
way(
    "do_connect of its own",
    "socket",
    "refused",
    ENGINE
    + WRITES
    + """
engine = create_engine(URL)
event.listen(engine, "do_connect", connect)
engine.connect()
""",
)
way(
    "engine.dialect.connect",
    "socket tcp",
    "refused",
    ENGINE
    + """
dialect = create_engine(URL).dialect
"""
    + run_by("dialect.connect(host=HOST, port=PORT, user=USER, dbname=NAME)"),
)
way(
    "a listener of the pool that connects",
    "socket",
    "refused",
    ENGINE
    + WRITES
    + """
engine = create_engine(URL)
event.listen(engine, "connect", connect)
engine.connect()
""",
)
way(
    "an engine of its own",
    "socket tcp sqlite",
    "shadow",
    ENGINE
    + """
with create_engine(URL).begin() as connection:
    connection.execute(text(CREATE))
""",
)
way(
    "raw_connection",
    "socket tcp sqlite",
    "shadow",
    ENGINE
    + """
connection = create_engine(URL).raw_connection()
connection.cursor().execute(CREATE)
connection.commit()
""",
)
way(
    "a connection to the shadow by what engine.url says",
    "socket",
    "shadow",
    ENGINE
    + PSYCOPG2
    + 'url = create_engine(URL).url.set(drivername="postgresql").render_as_string(False)'
    + run_by("psycopg2.connect(url)"),
)
# Children
way(
    "psql",
    "socket tcp",
    "refused",
    """
import subprocess
subprocess.run(["psql", URL, "-c", CREATE])
""",
)
way(
    "psql by the environment",
    "socket tcp",
    "refused",
    """
import os
import subprocess
place = {"PGHOST": HOST, "PGPORT": str(PORT), "PGUSER": USER, "PGDATABASE": NAME}
subprocess.run(["psql", "-c", CREATE], env=os.environ | place)
""",
    says="a client of databases",
)
way(
    "psql by a shell",
    "socket",
    "refused",
    """
import subprocess
subprocess.run(f"cd / && psql '{URL}' -c '{CREATE}'", shell=True)
""",
)
way(
    "psql by os.system",
    "tcp",
    "refused",
    """
import os
os.system(f"psql -h {HOST} -p {PORT} -U {USER} {NAME} -c '{CREATE}'")
""",
)
way(
    "psql by env",
    "tcp",
    "refused",
    """
import subprocess
subprocess.run(["env", "-i", "psql", "-h", HOST, "-U", USER, NAME, "-c", CREATE])
""",
)
way(
    "psql by asyncio",
    "tcp",
    "refused",
    """
import asyncio
async def write():
    await asyncio.create_subprocess_exec("psql", URL, "-c", CREATE)
asyncio.run(write())
""",
)
way(
    "psql by os.posix_spawn",
    "socket",
    "refused",
    """
import os
os.waitpid(os.posix_spawnp("psql", ["psql", URL, "-c", CREATE], os.environ), 0)
""",
)
way(
    "psql by a fork",
    "socket tcp",
    "refused",
    """
import os
if not os.fork():
    try:
        os.execvp("psql", ["psql", URL, "-c", CREATE])
    finally:
        os._exit(1)
os.wait()
""",
    says="in a child process",
)
way(
    "psql by os.spawnlp",
    "tcp",
    "refused",
    """
import os
os.spawnlp(os.P_WAIT, "psql", "psql", URL, "-c", CREATE)
""",
)
way(
    "psql in a terminal",
    "socket",
    "refused",
    """
import pty
pty.spawn(["psql", URL, "-c", CREATE])
""",
)
SCRIPT = "import psycopg2, sys; c = psycopg2.connect({}); c.autocommit = True; c.cursor().execute(sys.argv[1])"
way(
    "Python that is told the URL",
    "socket tcp",
    "refused",
    f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {SCRIPT.format("sys.argv[2]")!r}, CREATE, URL])
""",
)
way(
    "Python that finds the URL in the environment",
    "socket tcp",
    "nowhere",
    f"""
import os, subprocess, sys
os.environ["SCHOOL_URL"] = URL
subprocess.run([sys.executable, "-c", "import os; " + {SCRIPT.format('os.environ["SCHOOL_URL"]')!r}, CREATE], check=True)
""",
)
way(
    "Python that is given the environment",
    "tcp",
    "nowhere",
    f"""
import os, subprocess, sys
environment = dict(os.environ, SCHOOL_URL=URL)
subprocess.run([sys.executable, "-c", "import os; " + {SCRIPT.format('os.environ["SCHOOL_URL"]')!r}, CREATE], env=environment, check=True)
""",
)
way(
    "Python that reads the place from a file, by libpq",
    "socket tcp",
    "nowhere",
    f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", "import live; " + {SCRIPT.format("live.DSN")!r}, CREATE], check=True)
""",
)
way(
    "Python that reads the place from a file, by asyncpg",
    "tcp",
    "open",
    """
import subprocess, sys
code = '''
import asyncio, asyncpg, live
async def write():
    await (await asyncpg.connect(live.URL)).execute(live.CREATE)
asyncio.run(write())
'''
subprocess.run([sys.executable, "-c", code], check=True)
""",
)
way(
    "a fork",
    "socket tcp",
    "refused",
    PSYCOPG2
    + """
import os
if not os.fork():
    try:
        psycopg2.connect(DSN).cursor().execute(CREATE)
    finally:
        os._exit(1)
os.wait()
""",
    says="in a child process",
)
way(
    "multiprocessing by a fork",
    "tcp",
    "refused",
    PSYCOPG2
    + """
import multiprocessing
def write():
    psycopg2.connect(DSN)
child = multiprocessing.get_context("fork").Process(target=write)
child.start()
child.join()
""",
    says="in a child process",
)
# Later, and elsewhere
LATER = (
    PSYCOPG2
    + """
def write():
    connection = psycopg2.connect(DSN)
    connection.autocommit = True
    connection.cursor().execute(CREATE)
"""
)
way(
    "a thread",
    "socket",
    "refused",
    LATER
    + """
import threading
thread = threading.Thread(target=write)
thread.start()
thread.join()
""",
)
way(
    "a thread that goes on",
    "tcp",
    "told",
    LATER
    + """
import atexit, threading
def wait_and_write():
    main.wait()
    write()
main = threading.Event()
thread = threading.Thread(target=wait_and_write, daemon=True)
thread.start()
atexit.register(thread.join, 5)
atexit.register(main.set)
""",
)
way("atexit", "socket tcp", "told", LATER + "import atexit\natexit.register(write)\n")
way(
    "atexit, an engine",
    "socket tcp sqlite",
    "told",
    ENGINE
    + """
import atexit
engine = create_engine(URL)
def write():
    with engine.begin() as connection:
        connection.execute(text(CREATE))
atexit.register(write)
""",
)
way(
    "atexit, psql",
    "socket",
    "told",
    """
import atexit
import subprocess
atexit.register(subprocess.run, ["psql", URL, "-c", CREATE])
""",
)
way(
    "atexit, by asyncpg",
    "tcp",
    "told",
    """
import asyncio
import atexit
import asyncpg
async def connect():
    await (await asyncpg.connect(URL)).execute(CREATE)
atexit.register(lambda: asyncio.run(connect()))
""",
)
way(
    "weakref.finalize",
    "socket",
    "told",
    LATER
    + """
import weakref
class Kept: pass
kept = Kept()
weakref.finalize(kept, write)
""",
)
way(
    "__del__",
    "tcp",
    "refused",
    LATER
    + """
class Kept:
    def __del__(self):
        write()
Kept()
""",
)
way(
    "a timer's signal",
    "socket",
    "refused",
    LATER
    + """
import signal
signal.signal(signal.SIGALRM, lambda *_: write())
signal.setitimer(signal.ITIMER_REAL, 0.01)
import time
time.sleep(0.1)
""",
)
way(
    "sys.setprofile",
    "tcp",
    "refused",
    LATER
    + """
import sys
def trace(frame, event, argument):
    sys.setprofile(None)
    write()
sys.setprofile(trace)
""",
)
way(
    "a revision by psycopg2",
    "socket tcp",
    "refused",
    "from live import *" + run_by("__import__('psycopg2').connect(DSN)"),
    place="revision",
)
way(
    "a revision by op",
    "socket tcp sqlite",
    "shadow",
    'op.execute("CREATE TABLE intruder (id integer)")',
    place="revision",
)
way(
    "a revision by the driver's connection",
    "socket",
    "shadow",
    """
op.get_bind().connection.dbapi_connection.cursor().execute("CREATE TABLE intruder (id integer)")
""",
    place="revision",
)
# Shadows on live's own server
SAME = {"place": "revision", "options": "--shadow same-server"}
way(
    "same server: psycopg2",
    "socket tcp",
    "refused",
    PSYCOPG2 + run_by("psycopg2.connect(DSN)"),
    options="--shadow same-server",
)
way(
    "same server: asyncpg",
    "tcp socket",
    "refused",
    """
import asyncio
import asyncpg
async def write():
    await (await asyncpg.connect(host=HOST, port=PORT, user=USER, database=NAME)).execute(CREATE)
asyncio.run(write())
""",
    options="--shadow same-server",
)
way(
    "same server: an engine",
    "tcp",
    "shadow",
    ENGINE
    + """
with create_engine(URL).begin() as connection:
    connection.execute(text(CREATE))
""",
    options="--shadow same-server",
)
BEYOND = "on a server that others use"
for called, statement in {
    "dblink": "SELECT dblink_connect('dbname=school')",
    "dblink in a block": "DO $$ BEGIN PERFORM dblink('dbname=school', 'SELECT 1'); END $$",
    "postgres_fdw": "CREATE SERVER there FOREIGN DATA WRAPPER postgres_fdw",
    "a subscription": "CREATE SUBSCRIPTION one CONNECTION 'dbname=school' PUBLICATION two",
    "COPY PROGRAM": "COPY students FROM PROGRAM 'psql school'",
    "COPY to a file": "COPY students TO '/tmp/students'",
    "ALTER SYSTEM with comments": "ALTER /* all */ SYSTEM SET work_mem TO '1MB'",
    "pg_terminate_backend": "SELECT pg_terminate_backend(pid) FROM pg_stat_activity",
}.items():
    way(
        f"same server: {called}",
        "socket",
        "refused",
        f"op.execute({statement!r})",
        says=BEYOND,
        **SAME,
    )
# SQLite
SQLITE = "import sqlite3\n"


def sqlite(opened):
    return SQLITE + f"connection = {opened}\nconnection.execute(CREATE)\nconnection.commit()\n"


way("sqlite3.connect", "sqlite", "refused", sqlite("sqlite3.connect(FILE)"))
way(
    "sqlite3.connect by a relative path",
    "sqlite",
    "refused",
    "import os\n" + sqlite("sqlite3.connect(os.path.relpath(FILE))"),
)
way(
    "sqlite3.connect by a URI",
    "sqlite",
    "refused",
    "from pathlib import Path\n"
    + sqlite('sqlite3.connect(f"{Path(FILE).as_uri()}?mode=rw", uri=True)'),
)
way(
    "sqlite3.connect by a symbolic link",
    "sqlite",
    "refused",
    'import os\nos.symlink(FILE, "link.db")\n' + sqlite('sqlite3.connect("link.db")'),
)
way(
    "sqlite3.connect by a hard link",
    "sqlite",
    "refused",
    'import os\nos.link(FILE, "link.db")\n' + sqlite('sqlite3.connect("link.db")'),
)
way("sqlite3.Connection", "sqlite", "refused", sqlite("sqlite3.Connection(FILE)"))
way(
    "sqlite3.connect with a factory",
    "sqlite",
    "refused",
    "import sqlite3\nclass Mine(sqlite3.Connection): pass\n"
    + sqlite("sqlite3.connect(FILE, factory=Mine)"),
)
way(
    "aiosqlite",
    "sqlite",
    "refused",
    """
import aiosqlite
import asyncio
async def write():
    async with aiosqlite.connect(FILE) as connection:
        await connection.execute(CREATE)
        await connection.commit()
asyncio.run(write())
""",
)
ATTACH = (
    ENGINE
    + """
with create_engine(URL).connect() as connection:
    connection.exec_driver_sql({})
    connection.exec_driver_sql("CREATE TABLE there.intruder (id integer)")
"""
)
way("ATTACH", "sqlite", "refused", ATTACH.format("f\"ATTACH '{FILE}' AS there\""))
way(
    "ATTACH by a URI",
    "sqlite",
    "refused",
    ATTACH.format("f\"ATTACH 'file:{FILE}?mode=rwc' AS there\""),
)
way("ATTACH by a parameter", "sqlite", "refused", ATTACH.format('"ATTACH ? AS there", (FILE,)'))
way(
    "ATTACH from another database",
    "sqlite",
    "refused",
    SQLITE
    + """
connection = sqlite3.connect(":memory:")
connection.executescript(f"ATTACH '{FILE}' AS there; CREATE TABLE there.intruder (id integer);")
""",
)
way(
    "backup over it",
    "sqlite",
    "refused",
    SQLITE + 'sqlite3.connect(":memory:").backup(sqlite3.connect(FILE))\n',
)
way("open", "sqlite", "refused", 'open(FILE, "r+b").write(b"intruder")\n')
way("os.open", "sqlite", "refused", 'import os\nos.write(os.open(FILE, os.O_RDWR), b"intruder")\n')
way(
    "Path.write_bytes",
    "sqlite",
    "refused",
    'from pathlib import Path\nPath(FILE).write_bytes(b"")\n',
)
way(
    "a journal beside it", "sqlite", "refused", 'open(f"{FILE}-journal", "wb").write(b"intruder")\n'
)
way("os.truncate", "sqlite", "refused", "import os\nos.truncate(FILE, 0)\n")
way("os.remove", "sqlite", "refused", "import os\nos.remove(FILE)\n")
way(
    "os.replace",
    "sqlite",
    "refused",
    'import os\nopen("other", "w").close()\nos.replace("other", FILE)\n',
)
way(
    "os.rename of its directory",
    "sqlite",
    "refused",
    'import os\nos.rename(os.path.dirname(FILE), "elsewhere")\n',
)
way(
    "shutil.copyfile",
    "sqlite",
    "refused",
    'import shutil\nopen("other", "w").close()\nshutil.copyfile("other", FILE)\n',
)
way(
    "shutil.rmtree",
    "sqlite",
    "refused",
    "import os, shutil\nshutil.rmtree(os.path.dirname(FILE))\n",
)
way("os.chmod", "sqlite", "refused", "import os\nos.chmod(FILE, 0)\n")
way(
    "sqlite3 in a child",
    "sqlite",
    "refused",
    'import subprocess\nsubprocess.run(["sqlite3", FILE, CREATE])\n',
)
way(
    "sqlite3 in a child, told by its input",
    "sqlite",
    "refused",
    """
import subprocess
subprocess.run(["sqlite3"], input=f".open {FILE}\\n{CREATE};\\n", text=True)
""",
)
way("a shell", "sqlite", "refused", 'import os\nos.system(f"echo intruder >> {FILE}")\n')
way(
    "atexit, sqlite3",
    "sqlite",
    "told",
    """
import atexit
import sqlite3
atexit.register(sqlite3.connect, FILE)
""",
)
way(
    "Python that reads the path from a file",
    "sqlite",
    "open",
    """
import subprocess, sys
code = "import live, sqlite3; sqlite3.connect(live.FILE).execute(live.CREATE)"
subprocess.run([sys.executable, "-c", code], check=True)
""",
)
