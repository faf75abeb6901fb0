import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None

name = context.config.attributes["table"]


def upgrade():
    op.create_table(
        name,
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
    )
