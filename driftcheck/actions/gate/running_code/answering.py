"""Loads the models of the base in a process of its own, and runs their statements.

Two versions of the same modules cannot be imported in one process. The connections of the project
are redirected to the shadow databases of the gate.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import sqlalchemy as sa
from sqlalchemy.engine import URL
from sqlalchemy.orm import configure_mappers

from driftcheck.actions.gate.running_code.base_imports import BaseImports
from driftcheck.actions.gate.running_code.messages import (
    Answer,
    DatabaseRequest,
    Failure,
    ProjectRequest,
    Question,
    as_json,
    project_request,
    question,
)
from driftcheck.actions.gate.running_code.statements import Accepted, Failed, Mappers, Statements
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey, database_key_of
from driftcheck.databases.shadow.base import ShadowDatabase
from driftcheck.databases.shadow.lent import borrowed
from driftcheck.errors import DriftcheckError, ShadowError
from driftcheck.process.deadline import watchdog
from driftcheck.project.loading import load_project
from driftcheck.project.named_databases import named_databases
from driftcheck.project.project import Project
from driftcheck.project.redirect import Redirect
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Address
from driftcheck.sources.declarations import Declarations, mappers_of_tables


def answer_questions(source: TextIO, out: TextIO) -> None:
    """Read messages, and write an answer to each.

    Args:
        source: Has the messages as lines; its end is the end.
        out: Gets the answers as lines.
    """

    def write(answer: Answer) -> None:
        out.write(as_json(answer))
        out.flush()

    try:
        request = project_request(source.readline())
        BaseImports(Path(request.repository), Path(request.checkout)).install()
        with _opened(request) as code:
            write(Answer())
            for line in source:
                write(code.answer(question(line)))
    except DriftcheckError as error:
        write(Answer(error=error.message))


@contextmanager
def _opened(request: ProjectRequest) -> Iterator[RunningCode]:
    """Load the project of the base within this context.

    Raises:
        DriftcheckError: It cannot be loaded.
    """
    settings = Settings(**{**request.settings, "root": Path(request.settings["root"])})
    watchdog.seconds = settings.timeout
    declarations = Declarations(settings.root)
    imported = _lent_set("import", request.imported)
    redirect = Redirect(settings.root, named_databases(settings))
    with redirect.hooked():
        with redirect.to(imported), declarations.recording():
            project = load_project(settings)
        yield RunningCode(project, redirect, declarations)


def _lent_set(name: str, lent: Iterable[tuple[DatabaseKey, Mapping[str, Any]]]) -> ShadowSet:
    """Return a shadow set with the shadows of the gate."""
    shadows = {key: borrowed(description) for key, description in lent}

    def find(target: URL, _purpose: str) -> ShadowDatabase:
        shadow = shadows.get(_key_among(shadows, target))
        if shadow is None:
            raise ShadowError("the code of the base connects to another database")
        return shadow

    return ShadowSet(name, find)


def _key_among(keys: Collection[DatabaseKey], target: URL) -> DatabaseKey:
    """Return the key by which the gate knows a database of the base.

    The path of a file may depend on the directory of the project. If there is one database only,
    it is that.
    """
    key = database_key_of(target)
    only = [each for each in keys if each.dialect == key.dialect]
    return key if key in keys or len(only) != 1 else only[0]


class RunningCode:
    """The code of the base, whose statements are run.

    Args:
        project: The project of the base.
        redirect: Redirects its connections.
        declarations: The lines on which its tables are declared.
    """

    def __init__(self, project: Project, redirect: Redirect, declarations: Declarations) -> None:
        self._project = project
        self._redirect = redirect
        self._declarations = declarations
        self._accepted: dict[DatabaseKey, Accepted] = {}

    def answer(self, asked: Question) -> Answer:
        """Run the statements of all databases.

        Raises:
            DriftcheckError: The env.py of the base cannot be run.
        """
        requests = {each.database_key: each for each in asked.databases}
        failures: list[Failure] = []
        done: set[DatabaseKey] = set()

        def run(_heads: Any, context: Any) -> tuple[()]:
            key = _key_among(requests, self._redirect.target_of(context.connection))
            if key in requests and (asked.is_first or key not in done):
                done.add(key)
                failures.extend(self._run(requests[key], context, is_first=asked.is_first))
            return ()

        shadows = ((key, request.shadow) for key, request in requests.items())
        with (
            self._redirect.to(_lent_set("deploy", shadows)),
            self._declarations.recording(),
        ):
            self._project.run_environment(run, "running env.py of the base", dont_mutate=True)
        not_tried = [accepted.not_tried for accepted in self._accepted.values()]
        return Answer(tuple(failures), {k: why for each in not_tried for k, why in each.items()})

    def _run(self, request: DatabaseRequest, context: Any, *, is_first: bool) -> Iterator[Failure]:
        connection: sa.Connection = context.connection
        mappers = _mappers()
        accepted = self._accepted.setdefault(request.database_key, Accepted())
        tables = _tables(context)
        savepoint = connection.begin_nested()
        try:
            statements = Statements(connection, mappers, accepted)
            if is_first:
                written = [table for table in tables if _name(table, request) in request.tables]
                known = {*accepted.reads, *accepted.readable}
                readable = _readable(tables, request, connection)
                statements.find([t for t in tables if t not in known], written, readable)
                return
            failed = [*statements.repeat()]
        finally:
            savepoint.rollback()
        for each in failed:
            yield self._failure(each, request, mappers)

    def _failure(self, failed: Failed, request: DatabaseRequest, mappers: Mappers) -> Failure:
        table = failed.table
        schema, name = _name(table, request)
        address = Address("table", schema, (name,))
        wanted = address._replace(kind="column", path=(name, failed.column))
        mapped = tuple(column.name for column in table.columns)
        sought = (wanted, address) if failed.column in mapped else (address, None)
        lines = self._declarations.find([table], [sought], request.default_schema)
        classes = [mapper.class_.__name__ for mapper in mappers.get(table, ())]
        error = failed.error
        return Failure(
            database_key=request.database_key,
            action=failed.action,
            table=(schema, name),
            column=failed.column,
            value=failed.value.text if failed.value else "",
            model=classes[0] if classes else "",
            line=lines.get(sought[0]),
            statement=failed.statement,
            reason=error.reason,
            message=error.message,
            error_column=error.column,
            constraint=error.constraint,
            undeclared=failed.undeclared,
            mapped=mapped,
        )


def _mappers() -> Mappers:
    """Return the mappers of each table; none if a class of the project cannot be mapped."""
    try:
        configure_mappers()
    except Exception:  # noqa: BLE001  (the classes of the project raise any)
        return {}
    return mappers_of_tables()


def _tables(context: Any) -> list[sa.Table]:
    """Return the tables of the models that env.py configures, without Alembic's own table."""
    target = context.opts.get("target_metadata")
    several = target if isinstance(target, (list, tuple)) else [target]
    tables = [
        table
        for metadata in several
        if isinstance(metadata, sa.MetaData)
        for table in metadata.tables.values()
        if table.name != context.version_table
    ]
    return list(dict.fromkeys(tables))


def _readable(
    tables: Iterable[sa.Table], request: DatabaseRequest, connection: sa.Connection
) -> set[sa.Table]:
    """Return the tables whose columns can certainly be read as before.

    A type may read its columns with an expression, which can use anything. Names that SQLAlchemy
    translates are not known.
    """
    if connection.get_execution_options().get("schema_translate_map"):
        return set()
    names, dialect = {*request.readable}, connection.dialect
    return {
        table
        for table in tables
        if _name(table, request) in names
        and not any(_is_read_by_expression(column, dialect) for column in table.columns)
    }


def _is_read_by_expression(column: sa.Column[Any], dialect: sa.Dialect) -> bool:
    """Whether the type of a column reads it with an expression, as far as that is known."""
    try:
        return bool(column.type.dialect_impl(dialect)._has_column_expression)  # noqa: SLF001
    except Exception:  # noqa: BLE001  (types of the project raise any)
        return True


def _name(table: sa.Table, request: DatabaseRequest) -> tuple[str, str]:
    return table.schema or request.default_schema, table.name
