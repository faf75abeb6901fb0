import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'


def upgrade():
    name = op.get_bind().engine.url.database
    op.execute(f'ALTER DATABASE "{name}" SET timezone TO \'UTC\'')
