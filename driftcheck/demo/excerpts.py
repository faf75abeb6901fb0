"""Shortens the output of commands for the demo. The lines that remain are unchanged."""

from __future__ import annotations

import re

_FLASK_MESSAGES = re.compile(
    r"Running \w+ .+|Detected (?:added|removed) .+|Generating \S+/versions/\S+(?= +\.\.\.)"
)
_TRACEBACK = "Traceback (most recent call last):"
_SERVER_ERROR = re.compile(r"^(psycopg2\.errors\.\w+:) (.+)", re.MULTILINE)
_SOCKET = re.compile(r"^postgresql://.*\n", re.MULTILINE)
_VERDICT = re.compile(r"^[✓✗+x] ", re.MULTILINE)
_OPERATION = re.compile(r"^.*\badd_column\(.+", re.MULTILINE)


def flask_excerpt(output: str) -> str:
    """The messages of ``flask db``; of a traceback, the error of the server."""
    before, traceback, after = output.partition(_TRACEBACK)
    lines = [line.rstrip() for line in _FLASK_MESSAGES.findall(before)]
    if traceback:
        error = _SERVER_ERROR.search(after)
        lines += [_TRACEBACK, "  ..."]
        lines += [error[1], f"    {error[2]}"] if error else after.splitlines()[-1:]
    return "\n".join(lines)


def report_excerpt(output: str) -> str:
    """A report without the URL of the database and without the counts before the verdict."""
    *blocks, last = output.strip().split("\n\n")
    verdict = _VERDICT.search(last)
    blocks.append(last[verdict.start() :] if verdict else last)
    return _SOCKET.sub("", "\n\n".join(blocks))


def migration_excerpt(source: str) -> str:
    """The operations of a migration that add columns."""
    return "\n".join(line.strip() for line in _OPERATION.findall(source))
