from alembic import context
from sqlalchemy import create_engine

from database import url
from models import Base

with create_engine(url).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
