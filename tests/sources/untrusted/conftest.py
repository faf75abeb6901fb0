"""A project on a live database in which somebody has a schema of her own."""

import pytest

from tests.hostile import Mallory, witness
from tests.kept import variables

MODELS = 'Table("students", metadata, Column("id", Integer), Column("name", Text))\n'
REVISION = (
    'op.create_table("students", sa.Column("id", sa.Integer()), sa.Column("name", sa.Text()))'
)


@pytest.fixture
def attacked(sketch, pg16):
    """The project at its head, and Mallory, who has done nothing yet."""
    project = sketch(pg16)
    project.models(MODELS)
    project.revision("0001", REVISION)
    project.upgrade()
    with witness() as directory:
        project.mallory = Mallory(project.live, directory)
        yield project
    project.live.execute("DROP OWNED BY mallory CASCADE; DROP ROLE mallory")


@pytest.fixture
def private(pg16):
    """The environment of a run whose shadows are on a private server, which runs already."""
    return variables(pg16)


@pytest.fixture(params=["private", "shared"])
def where(request, private):
    """The environment of a run whose shadows are on a private server, or on live's own."""
    return {"private": private, "shared": {"DRIFTCHECK_SHADOW": "same-server"}}[request.param]
