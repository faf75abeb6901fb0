"""Which extensions no shadow database may have where SQL runs that driftcheck does not trust.

The table names those that reach another machine, read and write files, run programs, or bring a
language in which functions do that. https://www.postgresql.org/docs/current/contrib.html
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_CONNECTS = "opens connections to other servers"
_FILES = "reads or writes files of the server's machine"
_PROGRAMS = "runs programs on the server's machine"
_LANGUAGE = "brings a language whose functions can do all that the server's process can"
_JOBS = "runs statements later, in sessions of its own"

UNSAFE = {
    "*_fdw": _CONNECTS,
    "dblink*": _CONNECTS,
    "multicorn*": _CONNECTS,
    "http": _CONNECTS,
    "pg_net": _CONNECTS,
    "pgsql_http": _CONNECTS,
    "aws_*": _CONNECTS,
    "azure_*": _CONNECTS,
    "wrappers": _CONNECTS,
    "pglogical*": _CONNECTS,
    "citus*": _CONNECTS,
    "plproxy": _CONNECTS,
    "adminpack": _FILES,
    "orafce": _FILES,
    "pageinspect": _FILES,
    "pg_surgery": _FILES,
    "pg_walinspect": _FILES,
    "plsh": _PROGRAMS,
    "pl*u": _LANGUAGE,
    "plpython*": _LANGUAGE,
    "pljava*": _LANGUAGE,
    "plr": _LANGUAGE,
    "pldbgapi": _LANGUAGE,
    "pg_cron": _JOBS,
    "pg_background": _JOBS,
    "pg_task": _JOBS,
    "pgagent": _JOBS,
    "pg_timetable": _JOBS,
    "pg_partman_bgw": _JOBS,
}
"""Patterns of names, as ``fnmatch`` takes them, with the reason."""


def why_unsafe(extension: str) -> str:
    """Why an extension is kept away from untrusted SQL; empty where it is not."""
    return next((why for name, why in UNSAFE.items() if fnmatchcase(extension, name)), "")
