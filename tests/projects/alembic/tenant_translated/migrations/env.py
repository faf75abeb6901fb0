from alembic import context
from sqlalchemy import create_engine

from database import url
from models import Base

tenant = context.get_x_argument(as_dictionary=True)["tenant"]
with create_engine(url).connect() as connection:
    translated = connection.execution_options(schema_translate_map={None: tenant})
    translated.dialect.default_schema_name = tenant
    context.configure(
        connection=translated, target_metadata=Base.metadata, version_table_schema=tenant
    )
    with context.begin_transaction():
        context.run_migrations()
