import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade():
    op.create_table(
        "marks",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("student", sa.Integer, sa.ForeignKey("students.id")),
        sa.Column("kind", sa.Enum("oral", "written", name="mark_kind")),
    )
    op.create_index("ix_marks_student", "marks", ["student"])


def downgrade():
    op.drop_table("marks")
