"""Operations of plugins that autogenerate does not write, because of drift with the same effect."""

import pytest

pytest.importorskip("alembic_utils")

MODELS = """
from alembic_utils.pg_view import PGView
from alembic_utils.replaceable_entity import register_entities
Table("crates", metadata, Column("id", Integer, primary_key=True))
few = "select id from crates where id < 20"
register_entities([PGView(schema="public", signature="few", definition=few)])
"""
REVISION = """
op.create_table("crates", sa.Column("id", sa.Integer, primary_key=True))
op.execute("create view few as select id from crates where id < 10")
"""


HIDDEN = "on a database without the drift, migrate would write "
SEEN = "migrate would write an operation that belongs to no other failing finding: "


@pytest.mark.parametrize(
    ("limit", "message", "impact"),
    [
        (20, HIDDEN, "The live database has the effect of the operation already."),
        (30, SEEN, "The command alembic check fails"),
    ],
)
def test_a_view_that_was_changed_by_hand(sketch, pg18, limit, message, impact):
    project = sketch(pg18)
    project.revision("0001", REVISION.strip())
    project.upgrade()
    project.models(MODELS)  # not imported here, because plugins change Alembic itself
    project.by_hand(f"create or replace view few as select id from crates where id < {limit}")

    view, operation = project.compare().database["findings"]

    assert view["rule"] == "drift-view-changed"
    assert "models" not in view
    assert operation["rule"] == "pending-operation"
    assert operation["message"] == f"{message}op.replace_entity(public_few)"
    assert operation["leads_to"].startswith(impact)
