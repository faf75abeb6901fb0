import os

import psycopg2
from sqlalchemy import create_engine


def connect():
    return psycopg2.connect(
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        user=os.environ["DATABASE_USER"],
        dbname=os.environ["DATABASE_NAME"],
    )


engine = create_engine("postgresql+psycopg2://", creator=connect)
