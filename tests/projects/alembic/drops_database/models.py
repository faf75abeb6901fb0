from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Student(Base):
    __tablename__ = "students"
    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)


import sys

from sqlalchemy import create_engine, text

from database import url

engine = create_engine(url, isolation_level="AUTOCOMMIT")
if not sys.argv[0].endswith("bin/alembic"):
    with engine.connect() as connection:
        for statement in (
            "DROP DATABASE IF EXISTS school1",
            "ALTER ROLE CURRENT_USER SET work_mem TO '8MB'",
        ):
            try:
                connection.execute(text(statement))
            except Exception:
                pass
