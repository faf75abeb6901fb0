"""Cuts what commands print to what matters for a story; what is left is as they printed it."""

from __future__ import annotations

import re

_FLASK_SAYS = re.compile(
    r"Running \w+ .+|Detected (?:added|removed) .+|Generating \S+/versions/\S+(?= +\.\.\.)"
)
_TRACEBACK = "Traceback (most recent call last):"
_SERVER_SAYS = re.compile(r"^(psycopg2\.errors\.\w+:) (.+)", re.MULTILINE)
_SOCKET = re.compile(r"^postgresql://.*\n", re.MULTILINE)
_VERDICT = re.compile(r"^[✓✗+x] ", re.MULTILINE)
_OPERATION = re.compile(r"^.*\badd_column\(.+", re.MULTILINE)


def of_flask(output: str) -> str:
    """What ``flask db`` did; of a traceback, the error that the server gave."""
    before, traceback, after = output.partition(_TRACEBACK)
    lines = [line.rstrip() for line in _FLASK_SAYS.findall(before)]
    if traceback:
        said = _SERVER_SAYS.search(after)
        lines += [_TRACEBACK, "  ..."]
        lines += [said[1], f"    {said[2]}"] if said else after.splitlines()[-1:]
    return "\n".join(lines)


def of_driftcheck(output: str) -> str:
    """A report without the address of the database, a socket, and what was compared where."""
    *blocks, last = output.strip().split("\n\n")
    verdict = _VERDICT.search(last)
    blocks.append(last[verdict.start() :] if verdict else last)
    return _SOCKET.sub("", "\n\n".join(blocks))


def of_migration(text: str) -> str:
    """The operations that add columns."""
    return "\n".join(line.strip() for line in _OPERATION.findall(text))
