from sqlalchemy import Column, Enum, ForeignKey, Integer, String
from sqlalchemy.orm import declarative_base

Base = declarative_base()


class Student(Base):
    __tablename__ = "students"
    id = Column(Integer, primary_key=True)
    name = Column(String(64), nullable=False)
    age = Column(Integer)


class Mark(Base):
    __tablename__ = "marks"
    id = Column(Integer, primary_key=True)
    student = Column(ForeignKey("students.id"), index=True)
    kind = Column(Enum("oral", "written", name="mark_kind"))
