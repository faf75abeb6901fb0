"""The project's filters are asked what Alembic asks, of the same kinds of objects."""

from contextlib import ExitStack, closing
from types import SimpleNamespace

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import (
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import ARRAY, ENUM

from driftcheck.databases.connection import connect, own_engine
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.databases.sqlite.shadow import SQLiteMaker
from driftcheck.sources.filters import hidden_from_autogenerate
from driftcheck.sources.models import declared_tables


def tables(metadata, *, models):
    """Two schemas that differ in every way that autogenerate looks at."""
    only_models = [Column("only_models", String(20))] if models else []
    only_database = [] if models else [Column("only_database", Numeric(10, 2), comment="seen")]
    Table("targets", metadata, Column("id", Integer, primary_key=True))
    Table(
        "both",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("a", Integer, nullable=models),
        Column("b", Integer),
        Column("target", ForeignKey("targets.id")),
        *only_models,
        *only_database,
        Index("ix_changed", *("a", "b") if models else ("b", "a")),
        Index("ix_equal", "a"),
        UniqueConstraint(*("a", "b") if models else ("a", "id"), name="uq_changed"),
    )
    both = metadata.tables["both"]
    if models:
        both.append_constraint(UniqueConstraint("only_models", name="uq_models"))
        both.append_constraint(ForeignKeyConstraint(["a"], ["targets.id"], name="fk_models"))
        Index("ix_models", both.c.only_models)
        new = Table("new", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
        Index("ix_new", new.c.n)
        UniqueConstraint(new.c.n, name="uq_new")
    else:
        both.append_constraint(UniqueConstraint("only_database", name="uq_database"))
        both.append_constraint(ForeignKeyConstraint(["b"], ["targets.id"], name="fk_database"))
        Index("ix_database", both.c.only_database, unique=True)
        Table("old", metadata, Column("id", Integer, primary_key=True), Column("n", Integer))
    return metadata


class Asked:
    """Filters that include everything and keep what they are asked."""

    def __init__(self):
        self.names = set()
        self.objects = {}

    def name(self, name, type_, parents):
        self.names.add((name, type_, tuple(sorted((k, v) for k, v in parents.items() if v))))
        return True

    def object(self, item, name, type_, reflected, compare_to):
        told = describe(item)
        compared = type(compare_to).__name__
        key = type(item).__name__, told.get("table"), name, type_, reflected, compared
        self.objects[key] = told
        return True


def describe(item):
    """What a filter may look at."""
    told = {"name": item.name, "info": item.info, "comment": getattr(item, "comment", None)}
    if isinstance(item, Table):
        told["columns"] = [(column.name, repr(column.type)) for column in item.columns]
    elif isinstance(item, Column):
        told |= {"type": repr(item.type), "nullable": item.nullable, "table": item.table.name}
    else:
        told |= {"columns": [column.name for column in item.columns], "table": item.table.name}
    if isinstance(item, ForeignKeyConstraint):
        told["targets"] = [element.target_fullname for element in item.elements]
    if isinstance(item, Index):
        told["unique"] = item.unique
    return told


@pytest.fixture
def reading(request):
    """Build a schema in an empty database, and read it."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            maker = stack.enter_context(SQLiteMaker("Tests."))
        else:
            maker = request.getfixturevalue(request.param)

        def read(metadata):
            shadow = maker.make("filters")
            stack.callback(shadow.drop)
            with own_engine(shadow.url).begin() as connection:
                metadata.create_all(connection)
            with closing(connect(shadow.url)) as connection:
                catalog = catalog_for(shadow.url.get_backend_name())
                return shadow.url, catalog.read(connection, Scope())

        yield read


@pytest.mark.parametrize("reading", ["pg16", "sqlite"], indirect=True)
def test_asked_as_alembic_asks(reading):
    models = tables(MetaData(), models=True)
    _, declared = reading(models)
    url, existing = reading(tables(MetaData(), models=False))
    alembic, ours = Asked(), Asked()
    with own_engine(url).connect() as connection:
        options = {"include_name": alembic.name, "include_object": alembic.object}
        compare_metadata(MigrationContext.configure(connection, opts=options), models)
    context = SimpleNamespace(
        metadata=(models,),
        include_schemas=False,
        include_name=ours.name,
        include_object=ours.object,
    )

    assert hidden_from_autogenerate([context], declared, existing) == set()

    assert len(declared_tables([context])) == 3
    # PostgreSQL also lists the index that implements a unique constraint.
    implementing = {
        (name, "index", parents) for name, _, parents in ours.names if "uq_" in str(name)
    }
    assert alembic.names - implementing <= ours.names
    asked = {key: told for key, told in alembic.objects.items() if key in ours.objects}
    assert alembic.objects.keys() == asked.keys()
    assert asked == {key: ours.objects[key] for key in asked}


@pytest.mark.parametrize("reading", ["pg16"], indirect=True)
def test_types_are_reflected(reading):
    metadata = MetaData()
    Table(
        "types",
        metadata,
        Column("mood", ENUM("good", "bad", name="Mood")),
        Column("tags", ARRAY(String(5))),
        schema=None,
    )
    _, existing = reading(metadata)
    asked = Asked()
    context = SimpleNamespace(
        metadata=(), include_schemas=False, include_name=None, include_object=asked.object
    )
    hidden_from_autogenerate([context], existing, existing)
    (table,) = (told for key, told in asked.objects.items() if key[0] == "Table")
    assert table["columns"] == [
        ("mood", "ENUM('good', 'bad', name='Mood')"),
        ("tags", "ARRAY(VARCHAR(length=5))"),
    ]


def test_an_error_of_a_filter_is_the_projects(sketch):
    project = sketch()
    project.models(
        """
def include_object(item, name, kind, reflected, compare_to):
    return item.info["missing"]

options = {"include_object": include_object}
"""
    )
    project.revision("0001", "")
    project.upgrade()
    project.by_hand("CREATE TABLE extra (id integer)")
    result = project.compare("--only-gap", "drift")
    assert result.status == 3
    assert "calling include_object of env.py" in result.stderr
    assert "models.py, line 6" in result.stderr


def test_locate_leaves_out_other_projects_and_nothing_of_its_own(sketch):
    project = sketch()
    project.models(
        """
def include_object(item, name, kind, reflected, compare_to):
    return not (kind == "table" and name.startswith("other_"))

options = {"include_object": include_object}
"""
    )
    project.revision("0001", 'op.create_table("other_a", sa.Column("id", sa.Integer()))')
    project.revision("0002", 'op.create_table("own", sa.Column("id", sa.Integer()))', "0001")
    project.upgrade()
    project.by_hand("CREATE TABLE other_b (id integer)")
    result = project.run("locate", "--format", "json")
    assert result.findings == [], result.stdout + result.stderr
    project.by_hand("DROP TABLE other_a")
    result = project.run("locate", "--format", "json")
    assert ("drift-table-missing", "other_a") in result.findings
