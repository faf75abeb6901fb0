import os

from sqlalchemy import create_engine

engine = create_engine(
    "postgresql+psycopg2://nobody@nowhere",
    connect_args={
        "host": os.environ["DATABASE_HOST"],
        "port": os.environ["DATABASE_PORT"],
        "user": os.environ["DATABASE_USER"],
        "dbname": os.environ["DATABASE_NAME"],
        "options": "-c statement_timeout=30000",
    },
)
