from alembic import context
from sqlalchemy import create_engine, text

from database import url
from models import Base

tenant = context.get_x_argument(as_dictionary=True)["tenant"]
with create_engine(url).connect() as connection:
    connection.execute(text(f'SET search_path TO "{tenant}"'))
    connection.commit()
    connection.dialect.default_schema_name = tenant
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()
