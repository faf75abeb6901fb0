"""Models written as DDL: the listeners of the models run, and leave no trace in the models."""

import pytest
from sqlalchemy import (
    DDL,
    CheckConstraint,
    Column,
    Computed,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Sequence,
    String,
    Table,
    Text,
    create_engine,
    event,
    inspect,
    text,
)
from sqlalchemy.ext.compiler import compiles, deregister
from sqlalchemy.schema import CreateTable

from driftcheck.project.models_ddl import ddl_of


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")
    with engine.connect() as opened:
        yield opened
    engine.dispose()


@pytest.fixture
def models():
    names = {"ix": "ix_%(column_0_label)s", "ck": "ck_%(table_name)s_%(constraint_name)s"}
    metadata = MetaData(naming_convention=names)
    Table("schools", metadata, Column("id", Integer, primary_key=True))
    Table(
        "pupils",
        metadata,
        Column("id", Integer, Identity(), primary_key=True),
        Column("name", String(20), index=True, unique=True),
        Column("mood", Enum("good", "bad", name="moods")),
        Column("school", ForeignKey("schools.id")),
        Column("twice", Integer, Computed("id * 2")),
        info={"seen": 0},
        comment="100%",
    )
    Sequence("numbers", metadata=metadata)
    return metadata


def described(metadata):
    """Everything that a listener can reach, as strings."""
    return {
        "tables": list(metadata.tables),
        "schemas": sorted(map(str, metadata._schemas)),
        "sequences": sorted(metadata._sequences),
        "foreign keys": {key: list(map(id, memo)) for key, memo in metadata._fk_memos.items()},
        "of tables": [
            (
                [repr(column) for column in table.columns],
                list(table.columns.keys()),
                sorted(map(repr, table.constraints)),
                sorted(map(repr, table.indexes)),
                sorted(map(repr, table.foreign_keys)),
                repr(table.primary_key),
                table.comment,
                dict(table.info),
                [repr(column.type) for column in table.columns],
            )
            for table in metadata.tables.values()
        ],
    }


def change_everything(table, connection):
    """What listeners of real projects do, and more."""
    table.append_constraint(CheckConstraint("id > 0", name="late"))
    table.append_column(Column("late", Integer, ForeignKey("schools.id"), index=True))
    Index("ix_by_mood", table.c.mood)
    Table("audit", table.metadata, Column("id", Integer, primary_key=True), schema="other")
    Sequence("late", metadata=table.metadata)
    table.c.mood.type = Text()
    table.c.mood.type.length = 7
    table.c.name.nullable = False
    table.c.name.type.length = 99
    table.comment = None
    table.info["seen"] += 1
    table.primary_key.name = "changed"
    assert not inspect(connection).get_table_names()


@pytest.mark.parametrize("moment", ["before_create", "after_create"])
@pytest.mark.parametrize("once", [False, True])
def test_listeners_leave_no_trace(models, connection, moment, once):
    runs = []

    def listener(target, connection, **_):
        runs.append(target.name)
        change_everything(target, connection)

    event.listen(models.tables["pupils"], moment, listener, once=once)
    before = described(models)

    first = ddl_of([models], connection)

    assert described(models) == before
    assert ddl_of([models, models], connection) == first
    assert described(models) == before
    assert runs == ["pupils"] * 2


def test_a_compiler_leaves_no_trace(models, connection):
    @compiles(CreateTable)
    def create(element, compiler, **options):
        element.element.info["seen"] = 1
        return compiler.visit_create_table(element, **options)

    before = described(models)
    try:
        ddl_of([models], connection)
    finally:
        deregister(CreateTable)
    assert described(models) == before


def test_a_listener_of_the_connection_leaves_no_trace(models, connection):
    @event.listens_for(connection, "before_execute")
    def listener(_connection, element, *_):
        element.element.comment = "changed"

    before = described(models)
    ddl_of([models], connection)
    assert described(models) == before


def test_the_order_is_the_same_in_each_process(connection):
    """SQLAlchemy takes the indexes of a table from a set."""
    written = set()
    for _ in range(10):
        metadata = MetaData()
        for name in "ab":
            columns = [Column(f"c{number}", Integer, index=True) for number in range(9)]
            Table(name, metadata, Column("id", Integer, primary_key=True), *columns)
        written.add(ddl_of([metadata], connection))
    assert len(written) == 1


def test_a_listener_that_fails_leaves_no_trace(models, connection):
    @event.listens_for(models, "after_create")
    def listener(target, connection, **_):
        change_everything(target.tables["pupils"], connection)
        raise LookupError

    before = described(models)
    with pytest.raises(LookupError):
        ddl_of([models], connection)
    assert described(models) == before


def test_the_ddl_of_listeners_belongs_to_the_models(models, connection):
    table = models.tables["pupils"]
    answers = []

    @event.listens_for(table, "after_create")
    def listener(target, connection, **_):
        Index("by_id", target.c.id).create(connection)
        connection.execute(text("CREATE TRIGGER written_as_text"))
        connection.exec_driver_sql("CREATE TRIGGER written_for_the_driver")
        connection.execute(text("SELECT create_hypertable('pupils', 'id')"))
        connection.execute(text("INSERT INTO pupils (name) VALUES (:name)"), {"name": "Ada"})
        connection.execute(text("INSERT INTO pupils (name) VALUES (:name)"), [{"name": "Ada"}] * 2)
        connection.execute(target.insert(), [{"name": "Ada"}, {"name": "Bob"}])
        connection.execute(target.update().values(name="Eve"))
        answers.append(connection.scalar(text("/* asks */ SELECT 42")))

    *indexes, text_trigger, driver_trigger, call = (
        statement for statement in ddl_of([models], connection) if "schools" not in statement
    )

    assert "CREATE INDEX by_id ON pupils (id)" in indexes
    assert text_trigger == "CREATE TRIGGER written_as_text"
    assert driver_trigger == "CREATE TRIGGER written_for_the_driver"
    assert call == "SELECT create_hypertable('pupils', 'id')"
    assert answers == [42]
    assert not inspect(connection).get_table_names()


def test_schemas_are_translated(models, connection):
    translated = connection.execution_options(schema_translate_map={None: "north"})
    statements = ddl_of([models], translated)
    assert any(statement.startswith("CREATE TABLE north.pupils") for statement in statements)
    assert not any(statement.startswith("CREATE TABLE pupils") for statement in statements)


def test_no_statement_is_sent_for_ddl(models, connection):
    event.listen(models, "after_create", DDL("CREATE VIEW everybody AS SELECT * FROM pupils"))
    sent = []
    connection.connection.dbapi_connection.set_trace_callback(sent.append)

    statements = ddl_of([models], connection)

    assert any("CREATE VIEW" in statement for statement in statements)
    assert sent == []
