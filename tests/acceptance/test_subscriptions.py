"""A migration may create a subscription, and other kinds that need a superuser. Nothing drifts."""

import pytest

MODELS = 'Table("students", metadata, Column("id", Integer, primary_key=True))'
REVISIONS = [
    'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))',
    """
op.execute("CREATE SUBSCRIPTION news CONNECTION 'host=publisher password=sesame' PUBLICATION p "
    "WITH (connect = false, slot_name = 'news')")
op.execute("ALTER SUBSCRIPTION news ENABLE")
op.execute("COMMENT ON SUBSCRIPTION news IS 'from the office'")
op.execute("CREATE TEXT SEARCH TEMPLATE plain (lexize = dsimple_lexize)")
op.execute("CREATE TYPE label")
op.execute("CREATE FUNCTION label_in(cstring) RETURNS label LANGUAGE internal STRICT AS 'textin'")
op.execute("CREATE FUNCTION label_out(label) RETURNS cstring LANGUAGE internal STRICT AS 'textout'")
op.execute("CREATE TYPE label (INPUT = label_in, OUTPUT = label_out, LIKE = text)")
op.execute("REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC")
""",
    'op.execute("CREATE VIEW numbers AS SELECT id FROM students")',
]


@pytest.fixture(scope="module")
def project(sketch, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    for number, lines in enumerate(REVISIONS, 1):
        project.revision(f"000{number}", lines, f"000{number - 1}" if number > 1 else None)
    project.upgrade("0002")
    return project


def test_the_migrations_and_the_database_agree(project):
    result = project.compare("--grants", "--owners", "--only-gap", "drift")
    assert (result.status, result.findings) == (0, []), result.stdout + result.stderr


def test_a_colleague_is_in_step_on_a_copy(project):
    result = project.run("simulate-colleague", "--all")
    assert result.status == 0, result.stdout + result.stderr
    assert "sesame" not in result.stdout + result.stderr


def test_what_was_done_by_hand_is_found_and_no_password_is_shown(project):
    project.by_hand("ALTER SUBSCRIPTION news DISABLE")
    try:
        result = project.compare("--grants", "--only-gap", "drift")
    finally:
        project.by_hand("ALTER SUBSCRIPTION news ENABLE")
    assert result.findings == [("drift-subscription-changed", "news")]
    assert "ALTER SUBSCRIPTION news ENABLE" in result.stdout
    assert "sesame" not in result.stdout + result.stderr


def test_a_base_snapshot_keeps_them(sketch, pg18):
    project = sketch(pg18)
    project.models(MODELS)
    project.revision("0001", REVISIONS[0])
    project.upgrade()
    project.by_hand(
        "CREATE SUBSCRIPTION news CONNECTION 'host=publisher password=sesame' PUBLICATION p "
        "WITH (connect = false, slot_name = NONE)"
    )
    assert project.run("snapshot", "--write", "base.json").status == 0
    assert "sesame" not in (project.root / "base.json").read_text()
    (project.root / "pyproject.toml").write_text('[tool.driftcheck]\nbase-snapshot = "base.json"\n')
    result = project.compare()
    assert (result.status, result.findings) == (0, []), result.stdout + result.stderr
    project.by_hand("ALTER SUBSCRIPTION news SET PUBLICATION q WITH (refresh = false)")
    changed = project.compare()
    assert changed.findings == [("drift-subscription-changed", "news")]
    located = project.run("locate")
    assert "sesame" not in located.stdout
