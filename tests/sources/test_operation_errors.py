"""An operation that fails in any way has an error, and never stops the check."""

import pytest
from alembic.operations import ops
from sqlalchemy import Column, Integer
from sqlalchemy.engine import make_url
from sqlalchemy.types import NullType

from driftcheck.sources.autogenerate import Batch, Operation, errors_in_block, run_block


@pytest.mark.parametrize(
    ("directive", "words"),
    [
        (ops.AddColumnOp("t", Column("n", Integer())), "no such table"),
        (ops.AddColumnOp("t", Column("n", NullType())), "CompileError"),
        (ops.DropConstraintOp("c", "t", "unique"), "No support for ALTER"),
    ],
)
def test_the_error_of_an_operation(tmp_path, directive, words):
    url = make_url(f"sqlite:///{tmp_path}/shadow.db")
    _, error = run_block([Operation("", "", None, directive)], url)
    assert words in error


INDEXES = "CREATE TABLE t (n int); CREATE INDEX ix_n ON t (n)"
DROP = ops.DropIndexOp("ix_n", "t")
WITHOUT_COLUMNS = ops.CreateIndexOp("ix_n", "t", [])


def batch_of(*directives):
    batch = Batch("t", None)
    return [Operation(type(each).__name__, "", None, each, batch=batch) for each in directives]


def test_an_operation_is_not_blamed_for_the_error_of_another_in_its_batch(pg18, database):
    url = database(pg18, INDEXES).url
    block, error = run_block(batch_of(DROP, WITHOUT_COLUMNS), url)
    assert "syntax error" in error
    assert errors_in_block(block, error, url) == {
        "DropIndexOp": f"another operation of its batch fails: {error}",
        "CreateIndexOp": error,
    }


def test_without_transactional_ddl_every_operation_of_a_batch_has_its_error(tmp_path):
    url = make_url(f"sqlite:///{tmp_path}/shadow.db")
    block, error = run_block(batch_of(DROP, WITHOUT_COLUMNS), url)
    assert errors_in_block(block, error, url) == {"DropIndexOp": error, "CreateIndexOp": error}
