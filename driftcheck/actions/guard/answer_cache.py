"""Caches the answer about a database with drift, with everything that the answer depends on.

That is the state of the live database, in which the catalogs' rows and the tables with rows count;
the history; the settings; and what the project's code has read during the check, its own files
included. If one of them changes, or if not all of them can be read again, the check is made anew.

Nothing here imports SQLAlchemy: this import would take longer than an answer from the cache.
"""

from __future__ import annotations

import json

from driftcheck.actions.compare.quick_check import QuickResult
from driftcheck.judging.guard_answer import Answer
from driftcheck.project.inputs import Inputs, inputs_of, surroundings
from driftcheck.storage.entries import Entries, key_of


def cached_answer(quick: QuickResult) -> Answer | None:
    """Return the answer for the same database, history and project; ``None`` if there is none.

    Args:
        quick: The result of a quick check, with the state of the live database.
    """
    text = _entries().get(_key(quick)) if quick.state is not None else None
    if text is None:
        return None
    try:
        data = json.loads(text)
        inputs, answer = inputs_of(data["inputs"]), Answer.from_json(data["answer"])
    except (ValueError, KeyError, TypeError):  # the file of the cache is damaged
        return None
    return answer if inputs is not None and inputs.unchanged() is not None else None


def save_answer(quick: QuickResult, inputs: Inputs, answer: Answer) -> None:
    """Cache an answer. Errors of writing are ignored.

    Args:
        quick: The result of the quick check before the check.
        inputs: What the project's code has read during the check.
        answer: The answer.
    """
    data = {"inputs": inputs.as_json(), "answer": answer.as_json()}
    _entries().put(_key(quick), json.dumps(data))


def _entries() -> Entries:
    return Entries("guard")


def _key(quick: QuickResult) -> str:
    return key_of((quick.key, quick.state, surroundings()))
