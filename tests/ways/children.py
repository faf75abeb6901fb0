"""Child processes."""

from tests.ways.way import PSYCOPG2, Ways

way = Ways()

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
    says="without a shadow database",
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
SCRIPT = (
    "import live, os, psycopg2, sys; c = psycopg2.connect({}); "
    "c.autocommit = True; c.cursor().execute(live.CREATE)"
)
way(
    "Python that is told the URL",
    "socket tcp",
    "refused",
    f"""
import subprocess, sys
subprocess.run([sys.executable, "-c", {SCRIPT.format("sys.argv[1]")!r}, URL])
""",
)
way(
    "Python that finds the URL in the environment",
    "socket tcp",
    "nowhere",
    f"""
import os, subprocess, sys
os.environ["SCHOOL_URL"] = URL
code = {SCRIPT.format('os.environ["SCHOOL_URL"]')!r}
subprocess.run([sys.executable, "-c", code], check=True)
""",
)
way(
    "Python that is given the environment",
    "tcp",
    "nowhere",
    f"""
import os, subprocess, sys
environment = dict(os.environ, SCHOOL_URL=URL)
code = {SCRIPT.format('os.environ["SCHOOL_URL"]')!r}
subprocess.run([sys.executable, "-c", code], env=environment, check=True)
""",
)
way(
    "Python that reads the place from a file, by libpq",
    "socket tcp",
    "nowhere",
    f"""
import subprocess, sys
code = {SCRIPT.format("live.DSN")!r}
subprocess.run([sys.executable, "-c", code], check=True)
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
