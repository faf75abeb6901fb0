import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index("ix_students_name", "students", ["name"], postgresql_concurrently=True)
