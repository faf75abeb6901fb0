"""Every way in which a revision can break the running code, and what is near to that."""

import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import sqlalchemy
from packaging.specifiers import SpecifierSet
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from tests.actions.gate.conftest import Project

WAYS = {
    name: way
    for name, way in tomllib.loads((Path(__file__).parent / "ways.toml").read_text()).items()
    if version("sqlalchemy") in SpecifierSet(way.get("sqlalchemy", ""))
}
IMPORTS = """
import enum
import uuid

from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import column_property, declarative_base, deferred

Base = declarative_base(metadata=metadata)
"""
HEADER = "from sqlalchemy import *\n\nmetadata = MetaData()\n" + IMPORTS


@pytest.fixture(scope="module")
def report(sketch, request):
    maker = request.getfixturevalue("pg18")
    project = Project(sketch(maker), server=True)
    url = maker.server.set(database="postgres").render_as_string(hide_password=False)
    models = IMPORTS + "".join(f"\nT = {name!r}\n{way['models']}\n" for name, way in WAYS.items())
    project.begin({}, models=models, first=revision(created()))
    project.write({"0002": {**revision(changed()), "after": "0001"}})
    return project.gate(shadow=url)


def created():
    """The statements that create the tables of the base."""
    dialect = postgresql.dialect()
    for name, way in WAYS.items():
        namespace = {}
        exec(f"{HEADER}T = {name!r}\n{way['models']}", namespace)  # noqa: S102  (of ways.toml)
        for table in namespace["metadata"].sorted_tables:
            if table.name in way.get("not_created", ()):
                continue
            for column in table.columns:
                if isinstance(column.type, sqlalchemy.Enum) and column.type.native_enum:
                    yield str(postgresql.CreateEnumType(column.type).compile(dialect=dialect))
            yield str(CreateTable(table).compile(dialect=dialect))
        # T stands alone in the statements
        yield from statements(way.get("before", ""), name)


def changed():
    for name, way in WAYS.items():
        yield from statements(way["change"], name)


def statements(text, name):
    words = (
        text.replace(" T ", f" {name} ").replace(" T;", f" {name};").replace("T_id", f"{name}_id")
    )
    words = words.removesuffix(" T") + f" {name}" if words.endswith(" T") else words
    return [words] if words.strip() else []


def revision(lines):
    return {
        "up": "\n".join(f"op.get_bind().exec_driver_sql({line!r})" for line in lines),
        "down": "raise RuntimeError",
    }


@pytest.mark.parametrize("name", WAYS)
def test_way(report, name):
    way = WAYS[name]
    tables = way.get("tables", [name])
    found = [f for f in report.findings if f.rule == "gate-breaks-running-code"]
    of_way = [f for f in found if (f.part_of or f.address).name in tables]

    said = sorted(f.message.partition(" cannot ")[2] for f in of_way)
    assert said == sorted(way.get("breaks", []))
    assert ("breaks" in way) != way.get("near", False)
