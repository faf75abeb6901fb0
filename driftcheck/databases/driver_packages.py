"""The packages to install for the modules of drivers."""

from __future__ import annotations

DRIVER_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "aiomysql": "aiomysql",
    "aiosqlite": "aiosqlite",
    "asyncmy": "asyncmy",
    "asyncpg": "asyncpg",
    "mysql": "mysql-connector-python",
    "pg8000": "pg8000",
    "psycopg": "psycopg[binary]",
    "psycopg2": "psycopg2-binary",
    "pymysql": "pymysql",
}
"""The package to install for the module of each driver."""
