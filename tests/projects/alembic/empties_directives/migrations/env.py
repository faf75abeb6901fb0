from alembic import context
from sqlalchemy import create_engine

from database import url
from models import Base


def refuse(context, revision, directives):
    directives[:] = []


with create_engine(url).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        process_revision_directives=refuse,
    )
    with context.begin_transaction():
        context.run_migrations()
