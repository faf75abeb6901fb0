"""The lines of declarations, in every style of writing models.

Each style is a module. A comment at the end of a line lists the objects that are declared there,
separated by commas: ``#= table students`` is a table, ``#= age`` a column of the last table.
"""

import importlib
import re
import subprocess
import sys
from textwrap import dedent

import pytest
import sqlalchemy
from sqlalchemy import MetaData

from driftcheck.schema import Address
from driftcheck.sources.declarations import Declarations

CLASSIC = """
from sqlalchemy import *
metadata = MetaData()

students = Table(  #= table students
    "students",
    metadata,
    Column("id", Integer, primary_key=True),  #= id, primary key students_pkey
    Column("age", Integer,
        index=True),
    Column(  #= last_name, unique constraint students_last_name_key
        "last_name", Text, key="surname"),
    UniqueConstraint("surname"),
    CheckConstraint("age > 0", name="grown"),  #= check constraint grown
    Column("mood", Enum("good", "bad", name="mood")),  #= mood, enum mood
    Index("by_age", "age"),  #= index by_age
)
Index("by_both", students.c.id, students.c.age)  #= index by_both
def make(name):
    return Table(name, metadata, Column("id", Integer))
made = make("made")
columns = [Column(name, Integer) for name in "ab"]
other = Table("other", metadata, *columns, schema="more")  #= table more.other, a
"""

DECLARATIVE = """
from sqlalchemy import *
from sqlalchemy.orm import declarative_base, declared_attr, relationship
Base = declarative_base()
metadata = Base.metadata

class Stamped:
    created = Column(DateTime)
    @declared_attr
    def owner(cls):
        return Column(Integer)

class Student(Stamped, Base):  #= table students
    __tablename__ = "students"
    age_of = relationship("Age")
    id = Column(Integer, primary_key=True)  #= id, primary key students_pkey
    surname = Column("last_name", Text)  #= last_name
    age = Column(Integer, unique=True)  #= age, unique constraint students_age_key
    late = Column(Integer, index=True)  #= late, index ix_students_late
    __table_args__ = (
        CheckConstraint(
            "age > 0", name="grown"
        ),
        ForeignKeyConstraint(["age"], ["ages.id"]),
    )
class Pupil(Student):
    grade = Column(Integer)  #= grade

class Age(Base):
    __table__ = Table(  #= table ages
        "ages",
        metadata,
        Column("id", Integer, primary_key=True),  #= id
    )
"""

MAPPED = """
from typing import Optional
from sqlalchemy import *
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column, registry
class Base(DeclarativeBase):
    pass
metadata = Base.metadata

class Student(Base):  #= table students
    __tablename__ = "students"
    id: Mapped[int] = mapped_column(primary_key=True)  #= id
    age: Mapped[int]  #= age
    surname: Mapped[Optional[str]] = mapped_column(  #= last_name
        "last_name", index=True)

def decorate(cls):
    return cls

@decorate
class Teacher(MappedAsDataclass, Base):  #= table teachers
    __tablename__ = "teachers"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)  #= id

reg = registry(metadata=metadata)

@reg.mapped_as_dataclass
class Room:  #= table rooms
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True, init=False)  #= id
"""

IMPERATIVE = """
from sqlalchemy import *
from sqlalchemy.orm import registry
reg = registry()
metadata = reg.metadata
class Student:
    age = None
reg.map_imperatively(
    Student,
    Table("students", metadata,  #= table students
        Column("id", Integer, primary_key=True),  #= id
        Column("age", Integer)),  #= age
)
"""

FLASK = """
from flask_sqlalchemy import SQLAlchemy
db = SQLAlchemy()
metadata = db.metadata
def columns():
    class Inner(db.Model):  #= table inner
        id = db.Column(db.Integer, primary_key=True)  #= id
    return Inner
columns()
class Student(db.Model):  #= table student
    id = db.Column(db.Integer, primary_key=True)  #= id
    db_ = db.relationship("Inner", primaryjoin="Student.id == foreign(Inner.id)")
    age = db.Column("age", db.Integer)  #= age
    if True:
        grade = db.Column("grade", db.Integer)  #= grade
"""

SQLMODEL = """
from typing import Optional
from sqlalchemy import Column, Integer
from sqlmodel import Field, SQLModel
metadata = SQLModel.metadata
metadata.clear()
class Named(SQLModel):
    name: str
class Student(Named, table=True):  #= table student
    id: Optional[int] = Field(default=None, primary_key=True)  #= id
    age: Optional[int] = Field(  #= age
        default=None, index=True)
    years: Optional[int] = Field(sa_column=Column("grade", Integer))  #= grade
"""

MANNERS = {
    "classic": CLASSIC,
    "declarative": DECLARATIVE,
    "mapped": MAPPED,
    "imperative": IMPERATIVE,
    "flask": FLASK,
    "sqlmodel": SQLMODEL,
}
NEW = ("mapped",)  # SQLAlchemy 2.0 brought it


def skip_what_is_not_known(manner):
    if manner in NEW and sqlalchemy.__version__ < "2":
        pytest.skip("needs SQLAlchemy 2.0")
    if manner == "sqlmodel":
        pytest.importorskip("sqlmodel")


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """Import models of the project, and find things in them."""
    monkeypatch.syspath_prepend(tmp_path)

    def load(text, name):
        (tmp_path / f"{name}.py").write_text(dedent(text))
        declarations = Declarations(tmp_path)
        with declarations.recording():
            module = importlib.import_module(name)
        monkeypatch.delitem(sys.modules, name, raising=False)
        sys.modules[name] = module

        def find(*wanted):
            found = declarations.find(module.metadata.tables.values(), wanted, "public")
            return {address: place for address, place in found.items() if place}

        return find

    return load


def said(text):
    """What the comments say: each object, the table it is part of, and its line."""
    table = None
    for number, line in enumerate(text.splitlines(), 1):
        for name in re.sub(r".*#= |^[^#]*$", "", line).split(", "):
            *kind, path = name.split(" ") if name else ("",)
            if kind == ["table"]:
                schema, _, own = path.rpartition(".")
                table = Address("table", schema or "public", (own,))
                yield table, None, number
            elif path and kind == ["enum"]:
                yield Address("enum", "public", (path,)), None, number
            elif path and kind == ["index"]:
                yield Address("index", table.schema, (path,)), table, number
            elif path:
                kind = " ".join(kind) or "column"
                yield Address(kind, table.schema, (*table.path, path)), table, number


@pytest.mark.parametrize("manner", MANNERS)
def test_everything_stands_on_its_line(manner, declared):
    skip_what_is_not_known(manner)
    text = MANNERS[manner]
    wanted = list(said(text))
    assert len(wanted) > 2
    found = declared(text, f"manner_{manner}")(*((a, part_of) for a, part_of, _ in wanted))
    lines = {address: (f"manner_{manner}.py", line) for address, _, line in wanted}
    assert found == lines


def line_of(text, beginning):
    return next(n for n, line in enumerate(text.splitlines(), 1) if beginning in line)


@pytest.mark.parametrize(
    ("manner", "kind", "path", "beginning"),
    [
        ("classic", "table", ("made",), "return Table(name"),  # what is known is the line that ran
        ("classic", "column", ("made", "id"), "return Table(name"),
        ("classic", "column", ("students", "age"), 'Column("age"'),
        ("declarative", "column", ("students", "created"), "created ="),
        ("declarative", "column", ("students", "owner"), "def owner"),
        ("declarative", "check constraint", ("students", "grown"), "CheckConstraint("),
        ("declarative", "foreign key", ("students", "students_age_fkey"), "age = "),
        ("sqlmodel", "column", ("student", "name"), "name: str"),
    ],
)
def test_something_stands_where_it_is_written(manner, kind, path, beginning, declared):
    text = MANNERS[manner]
    skip_what_is_not_known(manner)
    name = f"written_{manner}_{path[-1]}_{kind[:5]}".replace(" ", "_")
    address = Address(kind, "public", path)
    table = None if kind == "table" else Address("table", "public", path[:1])
    ((_, line),) = declared(text, name)((address, table)).values()
    assert line == line_of(text, beginning)


def test_a_mixin_of_another_module(declared, tmp_path):
    (tmp_path / "mixins.py").write_text(
        "from sqlalchemy import *\n\nclass M:\n    at = Column(Date)\n"
    )
    text = """
    from sqlalchemy.orm import declarative_base
    from sqlalchemy import *
    from mixins import M
    Base = declarative_base()
    metadata = Base.metadata
    class Student(M, Base):
        __tablename__ = "students"
        id = Column(Integer, primary_key=True)
    """
    table = Address("table", "public", ("students",))
    find = declared(text, "uses_mixin")
    sys.modules.pop("uses_mixin")
    (place,) = find((Address("column", "public", ("students", "at")), table)).values()
    assert place == ("mixins.py", 4)


def test_what_is_not_the_projects_own_is_not_found(declared, tmp_path):
    declarations = Declarations(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    with declarations.recording():
        table = sqlalchemy.Table("t", MetaData(), sqlalchemy.Column("id", sqlalchemy.Integer))
    assert declarations.find([table], [(Address("table", "public", ("t",)), None)], "public") == {}


def test_a_table_of_a_library_does_not_stand_on_the_line_that_imports_it(
    declared, tmp_path, monkeypatch
):
    library = tmp_path / "site-packages"
    library.mkdir()
    (library / "foreign.py").write_text(
        "from sqlalchemy import *\nmetadata = MetaData()\n"
        "Table('t', metadata, Column('id', Integer))\n"
    )
    monkeypatch.syspath_prepend(library)
    find = declared("from foreign import metadata", "imports_foreign")
    assert find((Address("table", "public", ("t",)), None)) == {}


def test_what_the_models_do_not_have_is_left_out(declared):
    find = declared(CLASSIC, "left_out")
    assert find((Address("table", "public", ("nowhere",)), None)) == {}
    assert find((Address("sequence", "public", ("nowhere",)), None)) == {}


def test_a_source_that_is_gone_or_was_changed_is_no_failure(declared, tmp_path):
    table = Address("table", "public", ("students",))
    find = declared(CLASSIC, "changed")
    for text in ("(", "\0", "\n" * 90):
        (tmp_path / "changed.py").write_text(text)
        assert set(find((table, None))) <= {table}
    (tmp_path / "changed.py").unlink()
    assert set(find((table, None))) <= {table}


def test_the_orm_is_not_imported_for_a_project_without_it() -> None:
    code = (
        "import sys; from driftcheck.sources.declarations import mappers_of_tables; "
        "print(mappers_of_tables(), 'sqlalchemy.orm' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "{} False\n"
