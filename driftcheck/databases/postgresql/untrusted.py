"""Changes untrusted statements so that they run no query."""

from __future__ import annotations

import re

_MATERIALIZED_VIEW = re.compile(r"\s*CREATE\s+MATERIALIZED\s+VIEW\b", re.IGNORECASE)


def without_query(statement: str) -> str:
    """Create a materialized view without running its query; return other statements unchanged."""
    if _MATERIALIZED_VIEW.match(statement):
        return f"{statement.rstrip().rstrip(';')}\nWITH NO DATA"
    return statement
