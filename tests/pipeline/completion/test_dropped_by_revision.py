"""An object that one revision creates and a later one drops: no report denies the first of them."""

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection")

RUNS = 'Table("runs", metadata, Column("id", Integer, primary_key=True), Column("made", Text){})'
CREATE = """op.create_table(
    "runs", sa.Column("id", sa.Integer, primary_key=True), sa.Column("made", sa.Text)
)
op.create_index("ix_lower", "runs", [sa.text("lower(made)")])"""
LOSE = """with op.batch_alter_table("runs", recreate="always") as batch:
    batch.alter_column("made", existing_type=sa.Text(), nullable=True)"""
INDEX = ', Index("ix_lower", text("lower(made)"))'
BY_HAND = "CREATE INDEX ix_lower ON runs (lower(made))"


@pytest.fixture
def project(sketch):
    """Make a project whose second revision loses an index, as batch mode does."""

    def make(index_of_models):
        project = sketch()
        project.models("from sqlalchemy import Index, text\n" + RUNS.format(index_of_models))
        project.revision("r1", CREATE)
        project.revision("r2", LOSE, "r1")
        project.upgrade()
        return project

    return make


@pytest.mark.parametrize(
    ("index_of_models", "by_hand", "rule", "where"),
    [
        (INDEX, "", "pending-index-missing", "is in the models"),
        ("", BY_HAND, "drift-index-extra", "is in the live database"),
        (INDEX, BY_HAND, "hand-applied-index-extra", "is in the models and in the live database"),
    ],
)
def test_the_revision_is_named(project, index_of_models, by_hand, rule, where):
    project = project(index_of_models)
    project.by_hand(by_hand)
    for how in ("fresh", "cached"):
        result = project.compare()
        (finding,) = result.database["findings"]
        assert (finding["rule"], result.database["replay"]) == (rule, how)
        assert finding["message"] == (
            f"index ix_lower {where}, but revision r2 drops or renames it"
        )
        assert "migrations/versions/r2.py" in finding["why"]


def test_an_object_that_a_later_revision_creates_again_is_not_denied(project):
    project = project(INDEX)
    project.revision("r3", f'op.execute("{BY_HAND}")', "r2")
    project.revision("r4", 'op.execute("DROP INDEX ix_lower")', "r3")
    project.upgrade("r3")

    (unapplied,) = (
        finding
        for finding in project.compare().database["findings"]
        if finding["verdict"] != "unapplied"
    )

    assert "but revision r4 drops or renames it" in unapplied["message"]
