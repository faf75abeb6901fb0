import os

import psycopg2
from sqlalchemy import create_engine
from sqlalchemy.pool import QueuePool


def connect():
    return psycopg2.connect(
        host=os.environ["DATABASE_HOST"],
        port=os.environ["DATABASE_PORT"],
        user=os.environ["DATABASE_USER"],
        dbname=os.environ["DATABASE_NAME"],
    )


pool = QueuePool(connect)
engine = create_engine("postgresql+psycopg2://", pool=pool)
try:
    engine.connect().close()
except Exception:
    pass
