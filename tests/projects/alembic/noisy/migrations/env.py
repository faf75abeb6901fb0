import logging
import os
import sys
from logging.config import fileConfig

from alembic import context
from sqlalchemy import create_engine

from database import url
from models import Base

fileConfig(context.config.config_file_name, disable_existing_loggers=True)
logging.getLogger("school").addHandler(logging.StreamHandler(sys.stdout))
print("env.py runs", file=sys.__stdout__)

with create_engine(url).connect() as connection:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()

os.chdir("/")
