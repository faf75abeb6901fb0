"""Runs operations of autogenerate on shadow databases, as a migration would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy
from alembic.ddl.impl import DefaultImpl
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from driftcheck.databases.connection import own_engine
from driftcheck.databases.messages import (
    database_message,
    is_of_statement,
    is_refused_in_transaction,
)
from driftcheck.process.exception_text import exception_lines
from driftcheck.sources.operation import Operation, joined


def run_block(block: Sequence[Operation], url: URL) -> tuple[Sequence[Operation], str | None]:
    """Run operations on a shadow database in one transaction, and commit it.

    An operation that the database refuses in a transaction block is run outside of one.

    Args:
        block: An operation, or the operations of one batch.
        url: The shadow database.

    Returns:
        The operations as they can be run, and the error; ``None`` if they run.
    """
    try:
        _run_in_transaction(block, url)
    except DBAPIError as error:
        if not (is_refused_in_transaction(error.orig) and len(block) == 1):
            return block, database_message(error.orig or error)
    except Exception as error:  # noqa: BLE001  (operations may be the project's own)
        return block, None if block[0].is_of_plugin else exception_lines(error)[0]
    else:
        return block, None
    outside = [operation.in_autocommit_block() for operation in block]
    try:
        _run_in_transaction(outside, url)
    except DBAPIError as error:
        return outside, database_message(error.orig or error)
    except Exception as error:  # noqa: BLE001  (operations may be the project's own)
        return outside, exception_lines(error)[0]
    return outside, None


class Attempt(NamedTuple):
    """The result of running operations on a shadow database.

    Attributes:
        error: The error; ``None`` if they run.
        is_undone: Whether the shadow is as it was before.
        is_repeatable: Whether the operations have the same result each time on the same schema.
    """

    error: str | None
    is_undone: bool
    is_repeatable: bool


def run_and_undo(block: Sequence[Operation], url: URL) -> Attempt:
    """Run operations on a shadow database, and undo them if its database system can.

    Args:
        block: An operation, or the operations of one batch.
        url: The shadow database.
    """
    if _has_transactional_ddl(url):
        try:
            _run_in_transaction(block, url, undone=True)
        except _Undone:
            return Attempt(None, is_undone=True, is_repeatable=True)
        except DBAPIError as error:
            if not is_refused_in_transaction(error.orig):
                message = database_message(error.orig or error)
                return Attempt(message, is_undone=True, is_repeatable=is_of_statement(error.orig))
        except Exception as error:  # noqa: BLE001  (operations may be the project's own)
            return Attempt(exception_lines(error)[0], is_undone=True, is_repeatable=False)
    _, refusal = run_block(block, url)
    return Attempt(refusal, is_undone=False, is_repeatable=refusal is None)


class _Undone(Exception):  # noqa: N818  (not an error: it ends a transaction)
    """Raised in a transaction to roll it back."""


def errors_in_block(block: Sequence[Operation], error: str, url: URL) -> dict[str, str]:
    """Return the error of each operation of a failed block.

    Each operation is run on its own, to find which one fails. The others are rolled back with it.
    Where DDL is not transactional, a part of the block may have run already. Every operation then
    gets the error of the block.

    Args:
        block: The block, which ``run_block`` has run.
        error: Its error.
        url: The shadow database.

    Returns:
        The errors by the text of the operation.
    """
    errors = {operation.text: error for operation in block}
    if len(block) == 1 or not _has_transactional_ddl(url):
        return errors
    alone = {operation.text: _error_alone(operation, error, url) for operation in block}
    if not any(alone.values()):
        return errors
    other = f"another operation of its batch fails: {error}"
    return {text: own_error or other for text, own_error in alone.items()}


def _error_alone(operation: Operation, error: str, url: URL) -> str | None:
    """Run an operation of a failed block on its own, and return its error.

    An operation that only runs outside of a transaction block gets the error of the block.
    """
    (ran,), own_error = run_block([operation], url)
    return own_error or (error if ran.needs_autocommit else None)


def _has_transactional_ddl(url: URL) -> bool:
    dialect = url.get_dialect()()
    return DefaultImpl.get_by_dialect(dialect).transactional_ddl


def _run_in_transaction(block: Sequence[Operation], url: URL, *, undone: bool = False) -> None:
    working = block[0].working
    with own_engine(url).connect() as connected:
        connection = connected
        if working.translate_map:
            connection = connected.execution_options(schema_translate_map=working.translate_map)
        context = MigrationContext.configure(connection, opts={"transaction_per_migration": True})
        with context.begin_transaction(_per_migration=True):
            for statement in working.statements:
                connection.exec_driver_sql(statement)
            _invoke(block, context)
            if undone:
                raise _Undone


def _invoke(block: Sequence[Operation], context: MigrationContext) -> None:
    """Run the code of operations, as the migration would.

    The objects of Alembic do more than their code: that of a new column has its index, its unique
    constraint and its foreign key too, which are operations of their own. A name that only the
    template of migrations defines is not known here. In this case, the objects are run.
    """
    imports = dict.fromkeys(line for operation in block for line in operation.imports)
    code = "\n".join((*imports, joined(operation.text for operation in block)))
    with Operations.context(context) as operations:
        try:
            exec(code, {"op": operations, "sa": sqlalchemy})  # noqa: S102  (the project's own code)
        except NameError:
            if block[0].is_of_plugin:
                raise
            _invoke_objects(block, operations)


def _invoke_objects(block: Sequence[Operation], operations: Operations) -> None:
    """Run operations by their objects.

    Source: Alembic cookbook, "Run Alembic Operation Objects Directly (as in from autogenerate)".
    """
    directives = [each.directive for each in block if each.directive is not None]
    batch = block[0].batch
    if batch is None:
        operations.invoke(directives[0])
        return
    with operations.batch_alter_table(batch.table, schema=batch.schema) as batch_operations:
        for directive in directives:
            batch_operations.invoke(directive)
