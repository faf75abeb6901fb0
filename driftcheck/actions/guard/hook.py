"""Applies the guard to a migration that autogenerate has made, before it is written.

With the mode ``strip``, the operations of drift are removed before the project's own hook runs, so
that the hook sees the migration as it will be: that of Flask-Migrate writes no file if nothing is
left. With the other modes, the project's own hook runs first, because it may remove operations,
and what it removes is no reason to refuse.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

from alembic.util import CommandError

from driftcheck.actions.guard.classification import Classified, classify
from driftcheck.actions.guard.database_answers import database_answer
from driftcheck.actions.guard.directives import add_comment, remove
from driftcheck.config.guard_settings import Mode
from driftcheck.config.settings import Settings, load_settings
from driftcheck.databases.location import shown
from driftcheck.errors import DriftcheckError
from driftcheck.judging.guard_answer import PhantomText
from driftcheck.process.exception_text import exception_lines
from driftcheck.process.masking import masked
from driftcheck.reports.guard import (
    STRIPPED,
    WARNED,
    explanation,
    not_judged,
    refused,
    stripped_comment,
    summary,
)
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_reader import OperationReader

OwnHook = Callable[[Any, Any, list[Any]], None]
"""A ``process_revision_directives`` of the project: (context, revision, directives)."""


def guard(context: Any, revision: Any, directives: list[Any], own: OwnHook) -> None:
    """Run the project's own hook, and keep operations that exist because of drift out.

    Args:
        context: The migration context of the database.
        revision: The revisions of the database.
        directives: The migrations that will be written.
        own: The project's own hook.

    Raises:
        CommandError: No migration may be written. Alembic and Flask-Migrate write its message,
            and exit with a code that is not 0.
    """
    try:
        settings = load_settings(Path.cwd(), {})
        guarded = replace(settings, guard=settings.guard.overridden())
    except DriftcheckError as error:
        raise CommandError(f"driftcheck: {error.message}. {error.hint}") from None
    match guarded.guard.mode:
        case Mode.OFF:
            own(context, revision, directives)
        case Mode.STRIP:
            _strip(context, revision, directives, own, guarded)
        case mode:
            own(context, revision, directives)
            classified = _classified(context, directives, guarded)
            if classified.phantoms:
                _explain(context, classified)
                if mode is Mode.WARN:
                    _say(WARNED)
                else:
                    _refuse(classified)


def _strip(
    context: Any, revision: Any, directives: list[Any], own: OwnHook, settings: Settings
) -> None:
    """Remove the operations of drift, then run the project's own hook, then write the comment."""
    classified = _classified(context, directives, settings)
    texts = _texts(classified)
    if texts:
        _explain(context, classified)
        if any(text.needed for text in texts):
            _refuse(classified, by_strip=True)
        _say(STRIPPED)
        for script in directives:
            _remove(context, script, [each.operation for each in classified.phantoms])
    own(context, revision, directives)
    written = [script for script in directives if script.upgrade_ops_list]
    if texts and written:
        add_comment(written[0], stripped_comment(texts))


def _remove(context: Any, script: Any, phantoms: Sequence[Operation]) -> None:
    """Remove operations and their reverse operations from a migration.

    The reverse operations are other objects, so they are found by their text.
    """
    for container in script.upgrade_ops_list[-1:]:
        remove(container, [each.directive for each in phantoms])
    reverses = Counter(each.reverse for each in phantoms)
    for container in script.downgrade_ops_list[-1:]:
        unwanted = []
        for operation in OperationReader(context).read(container, ()):
            if reverses[operation.text]:
                reverses[operation.text] -= 1
                unwanted.append(operation.directive)
        remove(container, unwanted)


def _classified(context: Any, directives: Sequence[Any], settings: Settings) -> Classified:
    """Divide the operations that are in the migrations for this database.

    Raises:
        CommandError: The guard cannot work, and it is required.
    """
    containers = [c for script in directives for c in script.upgrade_ops_list[-1:]]
    if all(container.is_empty() for container in containers):
        return Classified()
    try:
        reader = OperationReader(context)
        operations = [o for container in containers for o in reader.read(container, ())]
        classified = classify(operations, database_answer(context, settings))
    except DriftcheckError as error:
        _cannot_judge(error.message, error.hint, required=settings.guard.required)
    except Exception as error:  # noqa: BLE001  (a fault of the guard must not prevent a migration)
        first, *_ = exception_lines(error)
        _cannot_judge(f"internal error: {first}", "", required=settings.guard.required)
    else:
        return classified
    return Classified()


def _cannot_judge(message: str, hint: str, *, required: bool) -> None:
    _say(not_judged(message, hint, required=required))
    if required:
        raise CommandError("driftcheck: no migration was written: the guard could not work")


def _texts(classified: Classified) -> list[PhantomText]:
    return [each.text for each in classified.phantoms]


def _explain(context: Any, classified: Classified) -> None:
    real = [each.text for each in classified.real]
    database = shown(context.connection.engine.url)
    _say(explanation(_texts(classified), real, database, classified.faults))


def _refuse(classified: Classified, *, by_strip: bool = False) -> NoReturn:
    texts, real = _texts(classified), [each.text for each in classified.real]
    _say(refused(texts, by_strip=by_strip))
    raise CommandError(f"driftcheck: no migration was written: {summary(texts, real)}")


def _say(text: str) -> None:
    """Write a message to stderr. Alembic itself breaks the lines of its messages anew."""
    sys.stderr.write(f"\n{masked(text)}\n")
    sys.stderr.flush()
