"""Finds SQL that affects more than a shadow database on a server that others use."""

from __future__ import annotations

import re

_COMMENTS = re.compile(r"/\*.*?\*/|--[^\n]*", re.DOTALL)
_ON_THE_SERVER = (
    r"(?:CREATE|DROP)\s+DATABASE|ALTER\s+SYSTEM"
    # On MySQL the name can be left out; the connection's own database is altered then.
    r"|ALTER\s+DATABASE(?!\s+(?:DEFAULT\s+)?(?:CHARACTER\s+SET|CHARSET|COLLATE)\b)"
    r"|(?:ALTER|DROP)\s+(?:ROLE|GROUP|USER(?!\s+MAPPING)|TABLESPACE)"
)
_TO_OTHERS = (
    r"dblink\w*\s*\(|(?:CREATE|ALTER)\s+(?:SERVER|SUBSCRIPTION)|CREATE\s+USER\s+MAPPING"
    r"|CREATE\s+FOREIGN\s+DATA\s+WRAPPER|IMPORT\s+FOREIGN\s+SCHEMA"
    r"|COPY\b[^;]*?\b(?:FROM|TO)\s+(?:PROGRAM\b|E?'|\$)|lo_(?:im|ex)port\s*\("
    r"|pg_(?:terminate_backend|cancel_backend|reload_conf|promote|switch_wal|file_write)\s*\("
    r"|LANGUAGE\s+'?pl(?:python3?|perl|tcl)u\b"
)
_ABOUT_SERVER = re.compile(rf"\b(?:{_ON_THE_SERVER})", re.IGNORECASE)
_ABOUT_OTHERS = re.compile(rf"\b(?:{_TO_OTHERS})", re.IGNORECASE)


def statement_beyond_database(statement: str, shadow: str) -> str:
    """Return the words of a statement that affect other databases, the machine or another server.

    Args:
        statement: The SQL. Comments between the words are ignored.
        shadow: The name of the shadow database. A statement about this database is allowed.

    Returns:
        The words, such as ``ALTER SYSTEM``; empty if there are none.
    """
    for text in (statement, _COMMENTS.sub(" ", statement)):
        found = _ABOUT_OTHERS.search(text)
        if found is None and shadow not in statement:
            found = _ABOUT_SERVER.search(text)
        if found is not None:
            return " ".join(found[0].upper().split()).rstrip("('$ ")
    return ""
