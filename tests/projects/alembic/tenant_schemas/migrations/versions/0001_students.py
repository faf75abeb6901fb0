import sqlalchemy as sa
from alembic import context, op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "students",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False),
        schema=context.get_context().version_table_schema,
    )


def downgrade():
    op.drop_table("students", schema=context.get_context().version_table_schema)
