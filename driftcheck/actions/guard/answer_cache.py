"""Caches the answer about a database with drift, until the drift or the operations change.

The operations that autogenerate writes for the live database say how the models differ from it, as
far as autogenerate sees. If they and the drift are the same again, the models differ from the head
in the same way, as far as these operations are concerned.

Remedies are left out: they depend on rows too.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import replace
from pathlib import Path

from driftcheck.actions.compare.quick_check import QuickResult
from driftcheck.judging.guard_answer import Answer, DatabaseAnswer
from driftcheck.storage.cache_directory import cache_directory, read_private, write_private


def cached_answer(quick: QuickResult, operations: str) -> Answer | None:
    """Return the answer for the same drift and the same operations; ``None`` if there is none.

    Args:
        quick: The result of a quick check.
        operations: A digest of the operations that autogenerate has written.
    """
    try:
        entry = json.loads(read_private(_file(quick)))
        if entry["key"] != [quick.key, operations]:
            return None
        return Answer.from_json(entry["answer"])
    except (OSError, ValueError, TypeError, KeyError):
        return None


def save_answer(quick: QuickResult, operations: str, answer: Answer) -> None:
    """Cache an answer in place of the last one. Errors of writing are ignored."""
    databases = tuple(map(_without_remedies, answer.databases))
    entry = {
        "key": [quick.key, operations],
        "answer": replace(answer, databases=databases).as_json(),
    }
    with contextlib.suppress(OSError):
        write_private(_file(quick), json.dumps(entry))


def _without_remedies(database: DatabaseAnswer) -> DatabaseAnswer:
    drift = tuple(replace(finding, remedies=()) for finding in database.drift)
    return replace(database, drift=drift, has_remedies=False)


def _file(quick: QuickResult) -> Path:
    return cache_directory() / "guard" / f"{quick.settings}.json"
