from alembic import context
from sqlalchemy import create_engine

from database import url
from models import Base


def include_object(thing, name, kind, reflected, compare_to):
    return not (kind == "table" and name.startswith("geo_"))


def include_name(name, kind, parents):
    return not (kind == "schema" and name == "archive")


with create_engine(url).connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        include_schemas=True,
        include_object=include_object,
        include_name=include_name,
    )
    with context.begin_transaction():
        context.run_migrations()
