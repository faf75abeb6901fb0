import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = '0001'


def upgrade():
    with open("migrations/report.txt", "a") as report:
        report.write("once more\\n")
