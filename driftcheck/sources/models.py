"""Creates the models in a shadow database, statement by statement.

``create_all()`` stops at its first error. On an empty database, it fails for half of all real
projects: an index is declared twice, or a function or an extension is only created by a migration.
Single statements create nearly everything, and the statements that fail are reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import MetaData, Table

from driftcheck.project.environment import Configured
from driftcheck.quoting import quote_identifier
from driftcheck.sources.reading import Refused
from driftcheck.sources.statement_log import has_word

_CREATED_BEFORE = re.compile(r"CREATE (SCHEMA|EXTENSION)\b", re.IGNORECASE)

_EXTENSION = re.compile(
    r"""CREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:"([^"]+)"|(\w+))""", re.IGNORECASE
)
Run = Callable[[Iterable[str]], list[Refused]]
"""Runs statements on a database one by one, and says which it refused."""


@dataclass(frozen=True)
class UsedObject:
    """An object that the history creates, and that models may use without declaring it.

    Attributes:
        name: The name of the object.
        statements: The statements that create it.
        afterwards: Statements to run when the tables exist: a sequence that a column owns gets its
            owner.
        used_by: The names of functions and other objects whose definition names the object.
    """

    name: str
    statements: tuple[str, ...]
    afterwards: tuple[str, ...] = ()
    used_by: tuple[str, ...] = ()

    def is_used_by(self, refused: Refused) -> bool:
        """Whether a statement names an object that uses this one."""
        return any(has_word(refused.statement, name) for name in self.used_by)


@dataclass(frozen=True)
class Creation:
    """What came of creating the models.

    Attributes:
        refused: The statements that the database refused, with its messages.
        needs_history: Whether objects of the history were created because the database refused
            statements without them.
    """

    refused: tuple[Refused, ...]
    needs_history: bool


@dataclass(frozen=True)
class Helping:
    """What the history creates before its tables, for models that use it.

    Attributes:
        statements: Statements that create what models cannot declare, such as functions.
        types: Types that models can declare too. Only those are created that a refused statement
            of the models uses.
        sequences: Sequences. Only those are created that a statement was refused for: the name
            ``a_id_seq`` in a statement may also be the sequence of a serial column, which the
            server has yet to create.
    """

    statements: tuple[str, ...] = ()
    types: tuple[UsedObject, ...] = ()
    sequences: tuple[UsedObject, ...] = ()


def create_models(
    configured: Sequence[Configured],
    run: Run,
    *,
    before: Sequence[str] = (),
    helping: Callable[[], Helping] = Helping,
) -> Creation:
    """Create the models in an empty shadow database.

    Args:
        configured: The configuration that env.py makes for this database.
        run: Runs statements on the shadow database.
        before: Statements to run first: the history's schemas and extensions.
        helping: Returns what the history creates and the models only use. It is called if
            statements of the models fail.
    """
    run(before)
    run([statement for context in configured for statement in schemas_of(context)])
    refused = [_refused_of(context, run) for context in configured]
    if not any(refused):
        return Creation((), needs_history=False)
    help_ = helping()
    remaining = (
        failure
        for context, failures in zip(configured, refused, strict=True)
        for failure in _with_help(failures, help_, _in_its_schema(context, run))
    )
    return Creation(tuple(remaining), needs_history=True)


def schemas_of(configured: Configured) -> tuple[str, ...]:
    """Return the statements that create the schemas that env.py relies on, if they are missing."""
    names = map(quote_identifier, configured.working.must_exist)
    return tuple(f"CREATE SCHEMA IF NOT EXISTS {name}" for name in names)


def _refused_of(configured: Configured, run: Run) -> list[Refused]:
    """Run the DDL of one configuration and return the statements that were refused."""
    refused = _in_its_schema(configured, run)(configured.ddl)
    return [failure for failure in refused if not _was_created_before(failure)]


def _in_its_schema(configured: Configured, run: Run) -> Run:
    """Return ``run`` for connections that look for names where env.py's connection does."""
    statements = configured.working.statements
    return (lambda others: run([*statements, *others])) if statements else run


def _with_help(refused: list[Refused], helping: Helping, run: Run) -> list[Refused]:
    """Run refused statements again after the objects that they use have been created.

    A type may need another, and the server names only the first object that is missing. So this is
    repeated until no further object is missing. Tables that lack nothing else come before
    sequences, so that their serial columns create their own.
    """
    if not refused:
        return []
    created: list[UsedObject] = []

    def create(found: Iterable[UsedObject]) -> bool:
        new = [used for used in found if used not in created]
        created.extend(new)
        run([statement for used in new for statement in used.statements])
        return bool(new)

    objects = (*helping.types, *helping.sequences)
    create(used for used in objects if any(map(used.is_used_by, refused)))
    create(_named_in_statements(helping.types, refused))
    waiting = run(helping.statements)
    refused = _run_again(refused, run)
    for find, candidates in (
        (_named_in_statements, helping.types),
        (_named_in_messages, helping.sequences),
    ):
        while refused and create(find(candidates, (*refused, *waiting))):
            waiting = _run_again(waiting, run)
            refused = _run_again(refused, run)
    run([statement for used in created for statement in used.afterwards])
    return refused


def _named_in_statements(
    objects: Iterable[UsedObject], refused: Sequence[Refused]
) -> list[UsedObject]:
    return [used for used in objects if any(has_word(r.statement, used.name) for r in refused)]


def _named_in_messages(
    objects: Iterable[UsedObject], refused: Sequence[Refused]
) -> list[UsedObject]:
    return [used for used in objects if any(has_word(r.message, used.name) for r in refused)]


def _run_again(refused: Iterable[Refused], run: Run) -> list[Refused]:
    return run([failed.statement for failed in refused])


def extensions_declared(configured: Sequence[Configured]) -> list[str]:
    """The names of the extensions that the models' own DDL installs."""
    statements = (statement for context in configured for statement in context.ddl)
    matches = map(_EXTENSION.match, statements)
    return [match[1] or match[2].lower() for match in matches if match is not None]


def _was_created_before(refused: Refused) -> bool:
    return bool(_CREATED_BEFORE.match(refused.statement)) and "already exists" in refused.message


def declared_tables(configured: Sequence[Configured]) -> list[Table]:
    """All tables that the models declare."""
    metadatas: dict[MetaData, None] = dict.fromkeys(
        metadata for context in configured for metadata in context.metadata
    )
    return [table for metadata in metadatas for table in metadata.tables.values()]
