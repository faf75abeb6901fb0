from alembic import context
from sqlalchemy import MetaData, create_engine, text

from database import url
from models import Base

tenant = context.get_x_argument(as_dictionary=True)["tenant"]
metadata = MetaData()
for table in Base.metadata.tables.values():
    table.to_metadata(metadata, schema=tenant)


def include_name(name, kind, parents):
    return name == tenant if kind == "schema" else True


with create_engine(url).begin() as connection:
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {tenant}"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=tenant,
        include_schemas=True,
        include_name=include_name,
    )
    with context.begin_transaction():
        context.run_migrations()
