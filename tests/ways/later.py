"""Threads, handlers and finalizers, and code that runs when the check has ended."""

from tests.ways.way import ENGINE, PSYCOPG2, Ways, run_by

way = Ways()

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
