"""Drivers in C, and libpq itself."""

from tests.ways.way import NO_SHADOW, PSYCOPG2, Ways, run_by

way = Ways()

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
    "refused",
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
    "refused",
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
if connection.error_message:
    raise OSError(connection.error_message.decode())
connection.exec_(CREATE.encode())
""",
)

way(
    "psycopg2.extensions.connection by hostaddr",
    "tcp",
    "refused",
    "from psycopg2.extensions import connection as make"
    + run_by('make(f"hostaddr={HOST} port={PORT} user={USER} dbname={NAME}")'),
)
way(
    "psycopg2 subclass of its own",
    "tcp",
    "refused",
    """
from psycopg2.extensions import connection
class Mine(connection):
    def __init__(self, dsn):
        super().__init__(f"{dsn} hostaddr={HOST}")
"""
    + run_by("Mine(DSN)"),
)
