"""The check of the running code with projects that are written as for SQLAlchemy 1.4 and 1.3."""

import pytest

from driftcheck.judging.findings import SourceLine
from tests.actions.gate.conftest import Project
from tests.actions.gate.running_code.conftest import broken

pytestmark = [
    pytest.mark.needs("sqlalchemy<2"),
    pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SADeprecationWarning"),  # such code has them
]

CLASSICAL = """
from sqlalchemy.orm import column_property, mapper, relationship

engine = create_engine("sqlite:///nowhere.db")
metadata.bind = engine

schools = Table("schools", metadata, Column("id", Integer, primary_key=True), Column("town", Text))
students = Table(
    "students",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("school_id", ForeignKey("schools.id"), nullable=False),
    Column("age", Integer),
)


class School:
    pass


class Student:
    pass


mapper(Student, students)
mapper(
    School,
    schools,
    properties={
        "students": relationship(Student, backref="school"),
        "oldest": column_property(
            select([func.max(students.c.age)])
            .where(students.c.school_id == schools.c.id)
            .as_scalar()
        ),
    },
)
"""
CREATED = {
    "up": """
op.create_table("schools", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("town", sa.Text()))
op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("school_id", sa.Integer(), sa.ForeignKey("schools.id"), nullable=False),
    sa.Column("age", sa.Integer()))
"""
}


def test_classes_that_are_mapped_to_tables(sketch):
    project = Project(sketch())
    project.begin(models=CLASSICAL, first=CREATED)
    up = """
op.execute("ALTER TABLE students DROP COLUMN age")
op.execute("ALTER TABLE students ADD COLUMN year INTEGER NOT NULL DEFAULT 1")
op.execute("ALTER TABLE schools RENAME COLUMN town TO city")
"""
    project.write({"0002": {"after": "0001", "up": up}})
    report = project.gate()
    assert broken(report) == [
        ("read column schools.town", "0002", SourceLine("models.py", 10)),
        ("read column students.age", "0002", SourceLine("models.py", 16)),
        ("read School.oldest", "0002", SourceLine("models.py", 10)),
    ]


ENVIRONMENT = """
import runpy
from pathlib import Path

from alembic import context
from sqlalchemy import engine_from_config, pool

config = context.config
models = runpy.run_path(str(Path(config.config_file_name).parent / "models.py"))
connectable = engine_from_config(
    config.get_section(config.config_ini_section), prefix="sqlalchemy.", poolclass=pool.NullPool
)
with connectable.connect() as connection:
    connection.execute("SET lock_timeout TO 1000")
    context.configure(connection=connection, target_metadata=models["metadata"])
    with context.begin_transaction():
        context.run_migrations()
"""
DECLARATIVE = """
from sqlalchemy.dialects import mysql, postgresql
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import backref, relationship

Base = declarative_base(metadata=metadata)


class Person(Base):
    __tablename__ = "persons"
    id = Column(Integer, primary_key=True)
    kind = Column(String(9), nullable=False)
    token = Column(postgresql.UUID, nullable=False)
    code = Column(String(50).with_variant(mysql.VARCHAR(20), "mysql"), nullable=False)
    mood = Column(Enum("good", "bad", name="mood"))
    nick = Column(Unicode(20))
    __mapper_args__ = {"polymorphic_on": kind, "polymorphic_identity": "person"}


class Pupil(Person):
    __mapper_args__ = {"polymorphic_identity": "pupil"}


class Entry(Base):
    __tablename__ = "entries"
    id = Column(Integer, primary_key=True)
    person_id = Column(ForeignKey("persons.id"), nullable=False)
    person = relationship("Person", backref=backref("entries", lazy="dynamic"))
"""
TABLES = """
op.create_table("persons", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("kind", sa.String(9), nullable=False),
    sa.Column("token", postgresql.UUID(), nullable=False),
    sa.Column("code", sa.String(50), nullable=False),
    sa.Column("mood", sa.Enum("good", "bad", name="mood")), sa.Column("nick", sa.Unicode(20)))
op.create_table("entries", sa.Column("id", sa.Integer(), primary_key=True),
    sa.Column("person_id", sa.Integer(), sa.ForeignKey("persons.id"), nullable=False))
"""
TOO_LONG = "a text of 50 characters"
INSERT = "insert a row into public.entries"
CHANGED = """
ALTER TABLE persons ALTER code TYPE varchar(20), DROP nick;
ALTER TYPE mood RENAME VALUE 'bad' TO 'sad';
ALTER TABLE entries ADD day date NOT NULL
"""


def test_declarative_classes_on_postgresql(sketch, pg18):
    project = Project(sketch(pg18), server=True)
    (project.root / "migrations" / "env.py").write_text(ENVIRONMENT)
    project.begin(
        models=DECLARATIVE, first={"up": "from sqlalchemy.dialects import postgresql" + TABLES}
    )
    project.write({"0002": {"after": "0001", "up": f"op.execute({CHANGED!r})"}})
    server = pg18.server.set(database="postgres").render_as_string(hide_password=False)
    assert broken(project.gate(shadow=server)) == [
        ("read column public.persons.nick", "0002", SourceLine("models.py", 19)),
        (f"write {TOO_LONG} to public.persons.code", "0002", SourceLine("models.py", 17)),
        ("write 'bad' to public.persons.mood", "0002", SourceLine("models.py", 18)),
        (f"{INSERT} without a value for day", "0002", SourceLine("models.py", 27)),
    ]
