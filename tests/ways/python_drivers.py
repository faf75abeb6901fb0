"""Drivers in Python, and sockets."""

from tests.ways.way import Ways

way = Ways()

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
    says="with asyncpg",
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
    says="with pg8000",
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
    says="with its own socket",
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
packages = os.path.dirname(os.path.dirname(psycopg2.__file__))
pattern = os.path.join(packages, "psycopg2_binary.libs", "libpq-*")
libpq = ctypes.CDLL(glob.glob(pattern)[0])
libpq.PQconnectdb.restype = ctypes.c_void_p
connection = libpq.PQconnectdb(f"{DSN} hostaddr=''".encode())
libpq.PQexec(ctypes.c_void_p(connection), CREATE.encode())
""",
)
