import sqlalchemy as sa
from alembic import op

revision = "l001"
down_revision = None
branch_labels = ("library",)


def upgrade():
    op.create_table("books", sa.Column("id", sa.Integer(), primary_key=True))
