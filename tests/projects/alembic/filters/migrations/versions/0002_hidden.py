import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'


def upgrade():
    op.create_table("geo_places", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("CREATE SCHEMA archive")
    op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True), schema="archive")
