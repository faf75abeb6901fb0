"""Single operations of a migration are rewritten; every other byte stays."""

import pytest

from driftcheck.actions.adopt.source_fixes import CannotBeRewritten, look_first

SOURCE = '''\
"""A revision."""
import sqlalchemy as sa
from alembic import op


def upgrade():
    # kept
    op.add_column(
        "students", sa.Column("name", sa.Text()),
    )  # kept too
    with op.batch_alter_table("rooms", schema=None) as batch_op:
        batch_op.drop_column("floor")
    op.create_index(op.f("ix"), "students", ["name"]); x = 1
    op.execute("""
      SELECT 1""")
    op.drop_constraint("fk", "rooms", type_="foreignkey", schema="other")


def downgrade():
    op.create_foreign_key("fk", "rooms", "a", ["b"], ["c"], source_schema="other")
    with op.batch_alter_table("rooms", schema=None) as batch_op:
        batch_op.add_column(sa.Column("floor", sa.Integer()))
    op.drop_column("students", "name")
'''


def changed(before, after):
    """The lines that are new, and those that are gone."""
    old, new = before.split("\n"), after.split("\n")
    return [line for line in new if line not in old], [line for line in old if line not in new]


def test_an_added_column():
    fixed = look_first(SOURCE, 8)
    new, gone = changed(SOURCE, fixed.text)
    inspected = "sa.inspect(op.get_bind()).get_columns('students')"
    assert new == [
        f"    if 'name' not in [each[\"name\"] for each in {inspected}]:",
        "        op.add_column(",
        '            "students", sa.Column("name", sa.Text()),',
        "        )  # kept too",
        "    # The upgrade leaves this as earlier revisions made it.",
    ]
    assert len(gone) == 4
    assert fixed.reverse == "op.drop_column('students', 'name')"


def test_an_operation_of_a_batch():
    fixed = look_first(SOURCE, 12)
    assert "        if 'floor' in [each" in fixed.text
    assert ".get_columns('rooms')]:\n            batch_op.drop_column(\"floor\")\n" in fixed.text
    assert "made it.\n        pass\n" in fixed.text
    assert fixed.reverse.splitlines()[1] == (
        "    batch_op.add_column(sa.Column('floor', sa.Integer()))"
    )


def test_line_ends_stay():
    source = SOURCE.replace("\n", "\r\n")
    fixed = look_first(source, 8)
    assert fixed.text == look_first(SOURCE, 8).text.replace("\n", "\r\n")


def test_a_constraint_in_a_schema():
    text = look_first(SOURCE, 16).text
    assert "if 'fk' in [each[\"name\"] for each in sa.inspect(op.get_bind())" in text
    assert ".get_foreign_keys('rooms', 'other')]:" in text


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (13, "cannot be indented by itself"),
        (14, "op.execute"),
        (7, "is not an operation"),
        (0, "is not an operation"),
    ],
)
def test_what_cannot_be_rewritten_is_told(line, reason):
    with pytest.raises(CannotBeRewritten, match=reason):
        look_first(SOURCE, line)
