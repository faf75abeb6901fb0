from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Student(Base):
    __tablename__ = "students"
    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)


import sys
import threading
import time

from sqlalchemy import create_engine, text

from database import url


def work():
    engine = create_engine(url)
    while True:
        try:
            with engine.begin() as connection:
                connection.execute(text("INSERT INTO students (name) VALUES ('Jo')"))
        except Exception:
            pass
        time.sleep(0.01)


if not sys.argv[0].endswith("bin/alembic"):  # which would not end
    threading.Thread(target=work).start()
