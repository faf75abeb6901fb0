import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'


def upgrade():
    with op.batch_alter_table("students") as students:
        students.alter_column("name", type_=sa.String(128), existing_nullable=False)
