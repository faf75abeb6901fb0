import atexit
import io
import os
import subprocess
import sys
import warnings

from sqlalchemy import Column, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Student(Base):
    __tablename__ = "students"
    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)


print("imported")
os.write(1, b"written\n")
subprocess.run(["echo", "a child"], check=True)
warnings.warn("this is old", DeprecationWarning)
sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
atexit.register(print, "goodbye")
