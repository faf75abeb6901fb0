"""Ways that shadows on live's own server open."""

from tests.ways.way import ENGINE, PSYCOPG2, Ways, run_by

way = Ways()

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
