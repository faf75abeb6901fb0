import sqlalchemy as sa
from alembic import op

revision = "t001"
down_revision = '0001'


def upgrade():
    op.create_table(
        "teachers",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("student_id", sa.Integer(), sa.ForeignKey("students.id")),
    )
