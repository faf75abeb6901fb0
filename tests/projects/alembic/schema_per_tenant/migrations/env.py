from functools import partial

from alembic import context
from sqlalchemy import MetaData, create_engine, text

from database import url
from models import Base


def of(tenant):
    metadata = MetaData()
    for table in Base.metadata.tables.values():
        table.to_metadata(metadata, schema=tenant)
    return metadata


def is_of(tenant, name, kind, parents):
    return kind != "schema" or name == tenant


with create_engine(url).begin() as connection:
    for tenant in ("blue", "green"):
        connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
        connection.execute(text(f"SET search_path TO {tenant}"))
        context.configure(
            connection=connection,
            target_metadata=of(tenant),
            version_table_schema=tenant,
            include_schemas=True,
            include_name=partial(is_of, tenant),
        )
        with context.begin_transaction():
            context.run_migrations()
