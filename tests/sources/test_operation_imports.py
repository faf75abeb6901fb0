"""Operations are shown with the imports that a migration needs to run them."""

import subprocess
import sys

import pytest

from driftcheck.sources.operation_imports import imports_for, template_imports, with_imports

TEMPLATE = '''"""${message}

Create Date: ${create_date}
"""
from alembic import op
import sqlalchemy as sa
import sqlmodel, geoalchemy2.types as gis
from app.types import (
    Money,
    Point as P,
)
${imports if imports else ""}

revision: str = ${repr(up_revision)}
<%!
import not_this_one
%>
% for name in names:
def upgrade_${name}():
    import nor_this_one
% endfor


def upgrade() -> None:
    import nor_this_one
    ${upgrades if upgrades else "pass"}
'''


@pytest.fixture
def template(tmp_path):
    path = tmp_path / "script.py.mako"
    path.write_text(TEMPLATE)
    return path


def test_the_imports_of_a_template(template):
    assert template_imports(template) == (
        "from alembic import op",
        "import sqlalchemy as sa",
        "import sqlmodel",
        "import geoalchemy2.types as gis",
        "from app.types import Money",
        "from app.types import Point as P",
    )
    assert template_imports(template.with_name("nothing")) == ()


@pytest.mark.parametrize(
    ("column", "imports"),
    [
        ("sa.Column('n', sa.Integer(), nullable=True)", []),
        (
            "sa.Column('n', postgresql.JSONB(astext_type=sa.Text()), nullable=True)",
            ["from sqlalchemy.dialects import postgresql"],
        ),
        ("sa.Column('n', sqlmodel.sql.sqltypes.AutoString())", ["import sqlmodel"]),
        ("sa.Column('n', gis.Geometry(srid=4326))", ["import geoalchemy2.types as gis"]),
        (
            "sa.Column('n', P(Money()))",
            ["from app.types import Money", "from app.types import Point as P"],
        ),
        ("sa.Column('n', json.decoder.JSONDecoder(strict=True))", ["import json.decoder"]),
        ("sa.Column('n', nowhere.at.All(int))", []),
    ],
)
def test_what_an_operation_needs(template, column, imports):
    known = ["from sqlalchemy.dialects import postgresql", *template_imports(template)]
    code = f"op.add_column('t', {column})"
    assert list(imports_for(code, known)) == imports
    assert with_imports(code, known) == "\n".join([*imports, code])


def test_code_that_is_no_python_needs_nothing():
    assert imports_for("op.add_column(", ["import json"]) == ()


TYPES = """
from sqlalchemy import Integer
from sqlalchemy.types import UserDefinedType


class Geometry(UserDefinedType):
    cache_ok = True

    def get_col_spec(self):
        return "point"

    def __repr__(self):
        return "Geometry()"
"""


def test_a_phantom_operation_can_be_pasted_into_a_migration(sketch, pg18, monkeypatch):
    """Its type is the project's own, or of a dialect: the operation comes with the imports."""
    project = sketch(pg18)
    monkeypatch.syspath_prepend(project.root)
    (project.root / "our_types.py").write_text(TYPES)
    project.models(
        "from our_types import Geometry\nfrom sqlalchemy.dialects.postgresql import JSONB\n"
        'Table("places", metadata, Column("id", Integer, primary_key=True),'
        ' Column("at", Geometry), Column("facts", JSONB))'
    )
    project.revision(
        "0001",
        'op.execute("CREATE TABLE places (id serial PRIMARY KEY, at point, facts jsonb)")',
    )
    project.upgrade()
    project.by_hand(["ALTER TABLE places DROP at", "ALTER TABLE places DROP facts"])
    findings = project.compare().database["findings"]
    operations = {f["address"]: f["phantom"]["operation"] for f in findings}
    for name, line in (
        ("at", "import our_types"),
        ("facts", "from sqlalchemy.dialects import postgresql"),
    ):
        operation = operations[f"public.places.{name}"]
        assert operation.splitlines()[0] == line
        program = (
            f"import sqlalchemy as sa\nfrom unittest.mock import Mock\nop = Mock()\n{operation}"
        )
        subprocess.run([sys.executable, "-c", program], cwd=project.root, check=True)
