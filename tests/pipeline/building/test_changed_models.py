"""Changed models give the same schema, whether all or only the changed tables are created.

Each change is one replacement in the text of the models. The tables that it concerns are created in
a database of their own, and the result is compared with that of creating all models.
"""

import itertools
from contextlib import closing

import pytest
import sqlalchemy as sa

from driftcheck.databases.connection import connect
from driftcheck.databases.reading import Scope
from driftcheck.databases.registry import catalog_for
from driftcheck.pipeline.building.changed_models import create_changed
from driftcheck.project.models_ddl import ddl_of
from driftcheck.sources.last_models import LastModels
from driftcheck.sources.models_cache import CreatedModels
from driftcheck.sources.reading import run_statements

CATALOG = catalog_for("postgresql")
MODELS = """
mood = Enum("sad", "happy", name="mood", metadata=metadata)
Table("users", metadata, Column("id", Integer, primary_key=True),
    Column("email", Text, unique=True, comment="Where; to write."), Column("mood", mood),
    Column("boss_id", Integer, ForeignKey("users.id")),
)
Table("user", metadata, Column("id", Integer, primary_key=True),
    Column("role_id", Integer, unique=True), Column("role", Text, nullable=False),
)
Table("user_role", metadata, Column("id", Integer, unique=True), Column("x", Text))
Table("orders", metadata, Column("id", BigInteger, Identity(), primary_key=True),
    Column("user_id", Integer, ForeignKey("users.id", ondelete="CASCADE"), index=True),
    Column("total", Numeric(10, 2), CheckConstraint("total > 0"), server_default="1"),
)
Table("lines", metadata, Column("order_id", BigInteger, ForeignKey("orders.id")),
    Column("n", Integer, nullable=False), UniqueConstraint("order_id", "n"), comment="Lines",
)
Table("left", metadata, Column("id", Integer, primary_key=True),
    Column("right_id", Integer, ForeignKey("right.id", name="to_right", use_alter=True)),
)
Table("right", metadata, Column("id", Integer, primary_key=True),
    Column("left_id", Integer, ForeignKey("left.id", name="to_left", use_alter=True)),
)
Table('Ünder "line', metadata, Column("select", Integer, primary_key=True), Column("y", Text))
Table("under", metadata, Column("line", Integer, ForeignKey('Ünder "line.select')))
Table("alone", metadata, Column("id", Integer, primary_key=True), Column("s", Text),
    info={"schema": None})
# last
"""
CHANGES = {
    "nothing": ("# last", "# the last"),
    "a column": ('Column("s", Text)', 'Column("s", Text), Column("t", Text, index=True)'),
    "no column": (', Column("s", Text)', ""),
    "a type": ('Column("s", Text)', 'Column("s", String(9))'),
    "a type that is used already": ('Column("s", Text)', 'Column("s", mood)'),
    "a column that others refer to": ('Column("id", BigInteger, I', 'Column("id", Integer, I'),
    "a foreign key": ("Integer, unique=True)", 'Integer, ForeignKey("users.id"), unique=True)'),
    "a foreign key's action": ("CASCADE", "SET NULL"),
    "an unnamed check": ("total > 0", "total > 1"),
    "a comment": ("Where; to write.", "Where to write?"),
    "a table's comment": ('comment="Lines"', 'comment="The lines"'),
    "a table": ("# last", 'Table("more", metadata, Column("id", Integer, ForeignKey("user.id")))'),
    "no table": ('Table("alone", metadata', 'Table("lonely", metadata'),
    "a table with another's name in its own": ("# last", 'Table("user_role_id", metadata)'),
    "an enum": ("# last", 'Enum("a", name="letter", metadata=metadata)'),
    "an enum with its column": ('Column("s", Text)', 'Column("s", Enum("a", name="letter"))'),
    "a sequence": ("# last", 'Sequence("numbers", metadata=metadata)'),
    "a circle": ('"right", metadata', '"right", metadata, Column("z", Integer)'),
    "a quoted name": ('Column("y", Text)', 'Column("y", Text, index=True)'),
    "a default": ('server_default="1"', 'server_default="2"'),
    "not null": ('Column("mood", mood)', 'Column("mood", mood, nullable=False)'),
    "in another schema": ('info={"schema": None}', 'schema="other"'),
    "an index with parts": ("# last", "# last\nIndex('i', metadata.tables['lines'].c.n.desc())"),
}
WHOLE = {
    "an enum value": ('"sad", "happy"', '"sad", "glad"'),
    "no enum": ('Enum("sad", "happy", name="mood", metadata=metadata)', "Text()"),
    "a name that another table has": (
        'Column("x", Text)',
        'Column("x", Text, key="u"), UniqueConstraint("u", name="user_role_id_key")',
    ),
    "a name that the server numbered": (
        'Integer, unique=True), Column("role"',
        'Integer), Column("role"',
    ),
    "a view": (
        "# last",
        'event.listen(metadata, "after_create", DDL("CREATE VIEW v AS SELECT 1"))',
    ),
    "a sequence of another table": (
        'Column("s", Text)',
        'Column("s", Text, server_default=text("nextval(\'user_id_seq\')"))',
    ),
    "a partitioned table": (
        'Column("s", Text)',
        'Column("s", Text), postgresql_partition_by="RANGE (id)"',
    ),
    "a key that others refer to": (
        'Column("id", BigInteger, Identity(), primary_key=True)',
        'Column("id", BigInteger)',
    ),
    "a key of a quoted name that others refer to": (
        'Column("select", Integer, primary_key=True)',
        'Column("select", Integer)',
    ),
    "two statements": (
        "# last",
        """event.listen(metadata.tables["alone"], "after_create",
            DDL("CREATE INDEX j ON alone (id); CREATE INDEX k ON lines (n)"))""",
    ),
}


@pytest.fixture
def write(database, pg18):
    """Return a function that writes the DDL of models with some changes."""
    engine = sa.create_engine(database(pg18).url.set(drivername="postgresql+psycopg2"))

    def write(*changes):
        text = MODELS
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        names = {**vars(sa), "metadata": sa.MetaData()}
        exec(text, names)  # noqa: S102  (the models of this file)
        with engine.connect() as connection:
            return ddl_of([names["metadata"]], connection)

    yield write
    engine.dispose()


@pytest.fixture
def create(database, pg18):
    """Return a function that runs DDL in a new database, and reads its schema."""

    def create(ddl):
        made = database(pg18, "CREATE SCHEMA other")
        refused = tuple(run_statements(made.url, ddl))
        with closing(connect(made.url)) as connection:
            snapshot = CATALOG.read(connection, Scope())
        return CreatedModels(snapshot, refused)

    return create


@pytest.fixture
def last(write, create):
    """The models before all changes."""
    ddl = write()
    return LastModels(ddl, create(ddl).snapshot)


def changed(ddl, last, create):
    """Create models as ``compare`` does; return them and the DDL that was run first."""
    ran = []

    def run(statements):
        ran.append(statements)
        return create(statements)

    return create_changed(ddl, last, CATALOG, run), ran


@pytest.mark.parametrize("name", CHANGES)
def test_only_what_changed_is_created(write, create, last, name):
    ddl = write(CHANGES[name])
    models, ran = changed(ddl, last, create)
    whole = create(ddl)
    assert models.snapshot.has_attributes_of(whole.snapshot)
    assert models.snapshot.dependencies == whole.snapshot.dependencies
    assert all(len(statements) < len(ddl) for statements in ran)


@pytest.mark.parametrize("name", WHOLE)
def test_everything_is_created(write, create, last, name):
    ddl = write(WHOLE[name])
    models, _ = changed(ddl, last, create)
    assert models is None


def test_two_changes(write, create, last):
    for names in [*itertools.combinations(CHANGES, 2)][::7]:
        try:
            ddl = write(*map(CHANGES.get, names))
        except AssertionError:  # both change the same text
            continue
        models, _ = changed(ddl, last, create)
        assert models is None or models.snapshot.has_attributes_of(create(ddl).snapshot), names
