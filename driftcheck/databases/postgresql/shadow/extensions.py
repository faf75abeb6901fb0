"""The extensions that are not installed in restricted shadows.

They connect to other machines, read or write files, run programs, or add a language whose functions
can do so. Source: PostgreSQL manual, Additional Supplied Modules and Extensions.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_CONNECTS = "opens connections to other servers"
_FILES = "reads or writes files on the server's machine"
_PROGRAMS = "runs programs on the server's machine"
_LANGUAGE = "adds a language whose functions can do whatever the server's process can do"
_JOBS = "runs statements later, in its own sessions"

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
"""Patterns of names for ``fnmatch``, each with the reason."""


def why_unsafe(extension: str) -> str:
    """Return why an extension is unsafe for untrusted SQL; an empty string if it is safe."""
    return next((why for name, why in UNSAFE.items() if fnmatchcase(extension, name)), "")
