"""An operation that fails in any way has an error, and never stops the check."""

import pytest
from alembic.autogenerate.api import AutogenContext
from alembic.autogenerate.render import render_op_text
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Column, Integer
from sqlalchemy.engine import make_url
from sqlalchemy.types import NullType

from driftcheck.sources.operation import Batch, Operation
from driftcheck.sources.operation_running import errors_in_block, run_and_undo, run_block

PREFIXES = {
    "alembic_module_prefix": "op.",
    "sqlalchemy_module_prefix": "sa.",
    "user_module_prefix": None,
}
CONTEXT = AutogenContext(
    MigrationContext.configure(dialect_name="sqlite"), opts=PREFIXES, autogenerate=False
)


def operation_of(directive, batch=None):
    if batch is None:
        return Operation(render_op_text(CONTEXT, directive), "", None, directive)
    with CONTEXT._within_batch():
        text = f"{batch.header}\n    {render_op_text(CONTEXT, directive)}"
    return Operation(text, "", None, directive, batch=batch)


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        (ops.AddColumnOp("t", Column("n", Integer())), "no such table"),
        (ops.AddColumnOp("t", Column("n", NullType())), "AttributeError"),
        (ops.DropConstraintOp("c", "t", "unique"), "No support for ALTER"),
    ],
)
def test_the_error_of_an_operation(tmp_path, directive, words):
    url = make_url(f"sqlite:///{tmp_path}/shadow.db")
    _, error = run_block([operation_of(directive)], url)
    assert words in error


INDEXES = "CREATE TABLE t (n int); CREATE INDEX ix_n ON t (n)"
DROP = ops.DropIndexOp("ix_n", "t")
WITHOUT_COLUMNS = ops.CreateIndexOp("ix_n", "t", [])


def batch_of(*directives):
    return [operation_of(each, Batch("t", None)) for each in directives]


def test_an_operation_is_not_blamed_for_the_error_of_another_in_its_batch(pg18, database):
    url = database(pg18, INDEXES).url
    block, error = run_block(batch_of(DROP, WITHOUT_COLUMNS), url)
    assert "syntax error" in error
    assert errors_in_block(block, error, url) == {
        block[0].text: f"another operation of its batch fails: {error}",
        block[1].text: error,
    }


def test_without_transactional_ddl_every_operation_of_a_batch_has_its_error(tmp_path):
    url = make_url(f"sqlite:///{tmp_path}/shadow.db")
    block, error = run_block(batch_of(DROP, WITHOUT_COLUMNS), url)
    assert errors_in_block(block, error, url) == {each.text: error for each in block}


NEW = ops.CreateIndexOp("ix_new", "t", ["n"])
CONCURRENT = ops.CreateIndexOp("ix_new", "t", ["n"], postgresql_concurrently=True)


@pytest.mark.parametrize(
    ("directive", "error", "is_undone"),
    [
        (NEW, None, True),
        (ops.CreateIndexOp("ix_n", "t", ["n"]), 'relation "ix_n" already exists', True),
        (ops.AddColumnOp("t", Column("m", NullType())), "NullType", True),
        (CONCURRENT, None, False),
    ],
)
def test_an_operation_is_undone_if_it_runs_in_a_transaction(
    pg18, database, directive, error, is_undone
):
    shadow = database(pg18, INDEXES)
    operation = operation_of(directive)
    answer, undone, _ = run_and_undo([operation], shadow.url)
    assert (answer is None and error is None) or error in answer
    assert undone is is_undone
    again, _, _ = run_and_undo([operation], shadow.url)
    assert (again == answer) is is_undone
