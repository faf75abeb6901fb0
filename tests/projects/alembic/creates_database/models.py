from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Student(Base):
    __tablename__ = "students"
    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)


import sys

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from database import url

if not sys.argv[0].endswith("bin/alembic"):
    maintenance = create_engine(
        make_url(url).set(database="postgres"), isolation_level="AUTOCOMMIT"
    )
    with maintenance.connect() as connection:
        connection.execute(text("CREATE DATABASE archive"))
