from alembic import context
from sqlalchemy import MetaData, create_engine, text

from database import url
from models import Base


def of(tenant):
    metadata = MetaData()
    for table in Base.metadata.tables.values():
        table.to_metadata(metadata, schema=tenant)
    return metadata


with create_engine(url).begin() as connection:
    for tenant in ():
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
        connection.execute(text(f"SET search_path TO {tenant}"))
        context.configure(
            connection=connection,
            target_metadata=of(tenant),
            version_table_schema=tenant,
            include_schemas=True,
        )
        with context.begin_transaction():
            context.run_migrations()
