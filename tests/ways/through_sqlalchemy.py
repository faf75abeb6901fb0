"""Ways that begin at SQLAlchemy."""

from tests.ways.way import ENGINE, PSYCOPG2, Ways, run_by

way = Ways()

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
