from alembic import context
from sqlalchemy import create_engine, text

from database import url
from models import Base

with create_engine(url).begin() as connection:
    connection.execute(text("CREATE SCHEMA IF NOT EXISTS admin"))
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table="school_revision",
        version_table_schema="admin",
    )
    with context.begin_transaction():
        context.run_migrations()
