"""What autogenerate writes for models on an empty database, once run, leaves nothing pending.

A file lists features of models. All of them are one project, for which Alembic writes a migration.
Only what autogenerate itself leaves out may then be pending.

``models``, ``end``  lines before and after the features
``before``           lines of a first revision, which autogenerate cannot write: schemas
``types``            the type of a column
``columns``          what follows the name of a column
``tables``           lines that put tables into ``metadata``
``left_out``         for each feature, the rules of what autogenerate leaves out
"""

import tomllib
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from tests.kept import variables

HERE = Path(__file__).parent
FILES = {path.stem: tomllib.loads(path.read_text()) for path in HERE.glob("*.toml")}
pytestmark = pytest.mark.filterwarnings("ignore:autogenerate skipping:UserWarning")
TEMPLATE = """\
import sqlalchemy as sa
from alembic import op
from sqlalchemy import Text  # rendered so within types of a dialect
${imports if imports else ""}

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


class Shape(sa.types.UserDefinedType):
    def get_col_spec(self, **_):
        return "polygon"


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    pass
"""


def features(said):
    """The lines of each feature, by its name. The objects of a feature have its name in theirs."""
    table = 'Table("{t}", metadata, Column("id", Integer, primary_key=True), Column("c", %s))'
    lines = {name: table % text for name, text in said.get("types", {}).items()}
    lines |= {name: table % text for name, text in said.get("columns", {}).items()}
    lines |= said["tables"]
    return {name: text.replace("{t}", f"f_{name}_f") for name, text in lines.items()}


def _project(database, sketch, fixture):
    """Return an empty project on the database system, and the environment of its runs."""
    if database == "postgresql":
        maker = fixture("pg18")
        return sketch(maker), variables(maker)
    project = sketch()
    if database.startswith("mariadb"):
        project.live = fixture("mariadb_databases")()
        project.url = project.live.text_url
        project.name_database(project.url)
    return project, {}


def _closed(database, sketch, fixture):
    """Write the models, have Alembic write the migration, run it, and compare.

    Returns:
        The text of the migration, and the result.
    """
    project, environment = _project(database, sketch, fixture)
    said = FILES[database]
    project.models("\n".join([said["models"], *features(said).values(), said["end"]]))
    (project.root / "migrations" / "script.py.mako").write_text(TEMPLATE)
    project.revision("0001", said["before"])
    project.upgrade()
    config = Config(project.root / "alembic.ini")
    script = command.revision(config, autogenerate=True, rev_id="0002")
    project.upgrade()
    return Path(script.path).read_text(), project.compare(**environment)


@pytest.mark.parametrize("database", sorted(FILES))
def test_nothing_is_pending(sketch, request, subtests, database):
    script, result = _closed(database, sketch, request.getfixturevalue)
    assert result.stdout, result.stderr
    findings = result.database["findings"]
    left_out = FILES[database].get("left_out", {})
    for feature in features(FILES[database]):
        mark = f"f_{feature}_f"
        with subtests.test(feature=feature):
            about = [one for one in findings if mark in f"{one['address']} {one['part_of']}"]
            assert mark in script or feature in left_out
            assert sorted(one["rule"] for one in about) == sorted(left_out.get(feature, []))
    with subtests.test("every finding belongs to a feature"):
        assert [one["rule"] for one in findings if "_f" not in f"{one['address']}"] == []
