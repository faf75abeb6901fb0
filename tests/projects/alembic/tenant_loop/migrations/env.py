from alembic import context
from sqlalchemy import create_engine, text

from database import url
from models import Base

with create_engine(url).connect() as connection:
    for tenant in ("blue", "green"):
        connection.execute(text(f"SET search_path TO {tenant}, public"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            version_table_schema=tenant,
        )
        with context.begin_transaction():
            context.run_migrations()
