"""An operation that fails in any way has an error, and never stops the check."""

import pytest
from alembic.operations import ops
from sqlalchemy import Column, Integer
from sqlalchemy.engine import make_url
from sqlalchemy.types import NullType

from driftcheck.sources.autogenerate import Operation, run_block


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
