"""Live databases in files."""

from tests.ways.way import ENGINE, Ways

way = Ways()

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
