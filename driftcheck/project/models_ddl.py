"""Writes models as DDL: the statements that ``create_all()`` would run."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import MetaData, event, literal, select
from sqlalchemy.schema import AddConstraint, CreateIndex
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.elements import TextClause

from driftcheck.project.metadata_state import models_unchanged
from driftcheck.project.uncompiled_models import uncompiled

_NO_OPERATION = "SELECT 1"
_READS = re.compile(
    r"\s*(?:--[^\n]*\n\s*|/\*.*?\*/\s*)*\(*\s*"
    r"(SELECT|WITH|VALUES|TABLE|SHOW|EXPLAIN|DESCRIBE|PRAGMA)\b",
    re.IGNORECASE | re.DOTALL,
)


def ddl_of(models: Iterable[MetaData], connection: Any) -> tuple[str, ...]:
    """Write models as DDL, and leave the models as they were.

    Event listeners of the models run as in ``create_all()``, and their DDL belongs to the models.
    They are given the connection itself, so that they can inspect the database, and so that its
    ``schema_translate_map`` is applied. No statement that writes reaches the database.

    Args:
        models: The metadata.
        connection: A SQLAlchemy connection to a shadow database. The queries of listeners are run
            on it.

    Raises:
        UncompiledModelsError: SQLAlchemy cannot write the DDL of a table for this database.
    """
    distinct = list(dict.fromkeys(models))
    names = {table.name for metadata in distinct for table in metadata.tables.values()}
    was_in_transaction = connection.in_transaction()
    with models_unchanged(distinct, connection), _statements_kept(connection, names) as statements:
        for metadata in distinct:
            try:
                metadata.create_all(connection, checkfirst=False)
            except Exception as error:
                failure = uncompiled(metadata, connection.dialect, error)
                if failure is None:
                    raise
                raise failure from error
    if not was_in_transaction and connection.in_transaction():
        connection.get_transaction().rollback()
    return tuple(_in_order(statements))


class _Statement(NamedTuple):
    """A statement of ``create_all()``.

    Attributes:
        text: The statement.
        is_unordered: Whether SQLAlchemy takes it from a set.
    """

    text: str
    is_unordered: bool


def _in_order(statements: Iterable[_Statement]) -> Iterator[str]:
    """Yield the statements, with those that SQLAlchemy takes from a set sorted by their text.

    The order of a set differs in each process, and the cache must know the models again.
    """
    for is_unordered, group in groupby(statements, key=lambda statement: statement.is_unordered):
        texts = [statement.text for statement in group]
        yield from sorted(texts) if is_unordered else texts


@contextmanager
def _statements_kept(connection: Any, tables: Collection[str]) -> Iterator[list[_Statement]]:
    """Keep the statements of a connection in place of running them, except queries.

    A query that names a table of the models is kept too: the table does not exist yet, and such
    a query is made for its effect, such as ``SELECT create_hypertable('readings', 'time')``.
    """
    statements: list[_Statement] = []

    @cache
    def of_models() -> re.Pattern[str] | None:
        """Return what finds the name of a table. Compiled for the first query: most have none."""
        names = "|".join(map(re.escape, tables))
        return re.compile(rf"(?<!\w)(?:{names})(?!\w)") if names else None

    def is_run(statement: str) -> bool:
        if not _READS.match(statement):
            return False
        names = of_models()
        return names is None or names.search(statement) is None

    def without_rows(
        _connection: Any, element: Any, several: Any, parameters: Any, _options: Any
    ) -> tuple[Any, Any, Any]:
        """Replace a statement that writes rows: rows are no part of the schema."""
        is_text = isinstance(element, TextClause) and not is_run(element.text)
        if isinstance(element, UpdateBase) or (is_text and (several or parameters)):
            return select(literal(1)), [], {}
        return element, several, parameters

    def keep(
        _connection: Any, _cursor: Any, statement: str, parameters: Any, context: Any, _many: Any
    ) -> tuple[str, Any]:
        bare = _bare(statement, context)
        if not context.isddl and is_run(bare):
            return statement, parameters
        construct = getattr(context.compiled, "statement", None)
        is_unordered = isinstance(construct, (CreateIndex, AddConstraint))
        statements.append(_Statement(bare.strip(), is_unordered))
        return _NO_OPERATION, parameters

    listeners: Sequence[tuple[Any, str, Any]] = (
        (connection, "before_execute", without_rows),
        (connection, "before_cursor_execute", keep),
        (connection.engine, "do_execute", _is_kept_ddl),
        (connection.engine, "do_execute_no_params", _is_kept_ddl),
    )
    for target, name, listener in listeners:
        event.listen(target, name, listener, retval=True)
    try:
        yield statements
    finally:
        for target, name, listener in listeners:
            event.remove(target, name, listener)


def _is_kept_ddl(_cursor: Any, statement: str, *arguments: Any) -> bool:
    """Return whether a statement stands for DDL that is kept.

    It is not sent then: DDL returns no rows, and a large project has thousands of statements.
    """
    context = arguments[-1]
    return statement == _NO_OPERATION and context.isddl


def _bare(statement: str, context: Any) -> str:
    """Return a statement as the server is to see it, because it is run without parameters.

    Compiled for a driver whose placeholders are ``%s``, a statement has each ``%`` doubled.
    """
    takes_percents = context.dialect.paramstyle in ("format", "pyformat")
    return statement.replace("%%", "%") if takes_percents and context.compiled else statement
