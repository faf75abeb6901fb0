"""What somebody with a schema of her own in live tries, through each way that her SQL takes.

Whoever has more rights than she runs the payload of ``tests/hostile.py`` shows it: so each test
fails where the SQL is run by a superuser.
"""

import json

import pytest

from tests.sources.untrusted.conftest import MODELS

MATERIALIZED_VIEW = "CREATE MATERIALIZED VIEW {her}.view AS SELECT {her}.act() AS acted"


@pytest.mark.parametrize("options", [(), ("--shadow", "same-server")], ids=["private", "shared"])
def test_a_materialized_view_over_a_function(attacked, options):
    """As it was told first, with a private server of the run's own."""
    mallory = attacked.mallory
    mallory.does(MATERIALIZED_VIEW)
    attacked.by_hand("ALTER TABLE students DROP name")
    result = attacked.compare(*options)
    assert ("drift-materialized-view-extra", "mallory.view") in result.findings
    assert ("drift-column-missing", "public.students.name") in result.findings
    assert mallory.has_got_nowhere()
    phantoms = [one["operation"] for one in result.database["phantom_operations"]]
    assert [text.startswith("op.add_column('students'") for text in phantoms] == [True] * (
        not options
    )


def test_on_a_server_that_others_use_the_finding_says_what_was_not_tried(attacked):
    attacked.by_hand("ALTER TABLE students DROP name")
    result = attacked.compare("--shadow", "same-server")
    (told,) = [f for f in result.database["findings"] if f["address"] == "public.students.name"]
    assert told["phantom"] is None
    assert "were not tried: SQL that comes from a live database" in told["leads_to"]


def test_a_function_that_is_evaluated_whatever_is_asked_of_the_server(attacked, private):
    """Defaults of columns, indexes and domains are evaluated while they are made."""
    mallory = attacked.mallory
    attacked.by_hand(
        "ALTER TABLE students OWNER TO mallory; GRANT CREATE ON SCHEMA public TO mallory"
    )
    mallory.does(
        "CREATE INDEX hers ON students ((mallory.payload(id))) WHERE mallory.payload() = 1;"
        "CREATE DOMAIN mallory.checked AS integer DEFAULT 1 CHECK (mallory.payload(VALUE) > 0);"
        "ALTER TABLE students ADD hers mallory.checked DEFAULT mallory.payload();"
        "ALTER TABLE students ADD generated integer GENERATED ALWAYS AS (mallory.payload(1)) STORED"
    )
    result = attacked.compare(**private)
    assert ("drift-column-extra", "public.students.hers") in result.findings
    assert mallory.has_got_nowhere()
    attacked.by_hand("DROP TABLE students; REVOKE CREATE ON SCHEMA public FROM mallory")


def test_a_rename(attacked, where):
    """Renames are followed in a shadow of the stamped schema, which the cache may have told."""
    attacked.by_hand("CREATE INDEX named ON students (name)")
    attacked.by_hand("ALTER TABLE students RENAME name TO full_name")
    attacked.mallory.does(MATERIALIZED_VIEW)
    result = attacked.compare(**where)
    assert ("drift-column-renamed", "public.students.name") in result.findings
    assert attacked.mallory.has_got_nowhere()


def _with_statement(value, statement):
    """The content of a file in which a statement follows the definition of a function."""
    if isinstance(value, dict):
        return {key: _with_statement(one, statement) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_statement(one, statement) for one in value]
    if isinstance(value, str) and "'harmless'" in value:
        return f"{value}; RESET ROLE; RESET SESSION AUTHORIZATION; {statement}"
    return value


def _edited(text, statement):
    """The text of a cache file, which has one object in each line, with a statement put in."""
    lines = []
    for line in text.splitlines(keepends=True):
        value = line.rstrip(",\n")
        try:
            changed = json.dumps(_with_statement(json.loads(value), statement))
        except ValueError:  # the lines before and after the objects
            changed = value
        lines.append(changed + line[len(value) :])
    return "".join(lines)


def test_a_cache_file_that_was_edited(attacked, tmp_path, where):
    """The head is built from it to try operations, and the models are helped by it."""
    function = "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT 'harmless' $$"
    attacked.revision("0002", f'op.execute("{function}")', "0001")
    attacked.models(
        MODELS + 'Table("more", metadata, Column("id", Text, server_default=text("f()")))'
    )
    attacked.upgrade()
    attacked.by_hand("ALTER TABLE students DROP name")
    own = {"DRIFTCHECK_CACHE_DIR": str(tmp_path)}
    fresh = attacked.compare(**where, **own)
    assert fresh.database["replay"] == "fresh"
    program = f"COPY (SELECT 1) TO PROGRAM 'touch {attacked.mallory.witness}/cached'"
    for path in (tmp_path / "replays").iterdir():
        edited = _edited(path.read_text(), program)
        assert program in edited
        path.write_text(edited)
    result = attacked.compare(**where, **own)
    assert result.database["replay"] == "cached"
    for found in (fresh.findings, result.findings):
        assert ("drift-column-missing", "public.students.name") in found
    assert attacked.mallory.has_got_nowhere()


HOSTILE_TRIGGER = """
CREATE TRIGGER fires BEFORE INSERT OR UPDATE ON students
FOR EACH ROW EXECUTE FUNCTION mallory.fires()
"""


def _with_base_snapshot(project):
    project.by_hand(HOSTILE_TRIGGER)
    beside = {"DRIFTCHECK_SHADOW": "same-server"}
    assert project.run("snapshot", "--write", "base.json", **beside).status == 0
    (project.root / "pyproject.toml").write_text('[tool.driftcheck]\nbase-snapshot = "base.json"\n')
    project.revision("0002", """op.execute("INSERT INTO students VALUES (1, 'Ann')")""", "0001")


def test_a_base_snapshot_with_a_trigger_that_a_migration_fires(attacked, private):
    _with_base_snapshot(attacked)
    result = attacked.compare(**private)
    assert result.database["replay"] == "fresh"
    assert [f for f in result.findings if f[0] == "history-broken"] == []
    assert attacked.mallory.has_got_nowhere()


def test_a_base_snapshot_is_refused_on_a_server_that_others_use(attacked):
    _with_base_snapshot(attacked)
    result = attacked.run("compare", "--shadow", "same-server")
    assert result.status == 3
    assert "the base snapshot is not run" in result.stderr
    assert "Leave out --shadow" in result.stderr


def test_what_a_history_after_a_base_snapshot_may_not_do_says_why(attacked, private):
    _with_base_snapshot(attacked)
    attacked.revision("0003", 'op.execute("CREATE ROLE somebody")', "0002")
    result = attacked.compare(**private)
    (broken,) = [f for f in result.database["findings"] if f["rule"] == "history-broken"]
    assert "by a role without a superuser's rights" in broken["details"]


def test_a_copy_of_live_for_a_downgrade(attacked, private):
    attacked.by_hand(HOSTILE_TRIGGER)
    path = attacked.root / "migrations" / "versions" / "0001.py"
    path.write_text(
        path.read_text()
        + "\n\ndef downgrade():\n    op.execute(\"INSERT INTO students VALUES (1, 'Ann')\")\n"
        '    op.drop_table("students")\n'
    )
    played = attacked.run("simulate-colleague", "--after-downgrade", "1", **private)
    assert "downgrade runs revision 0001" in played.stdout, played.stdout + played.stderr
    assert attacked.mallory.has_got_nowhere()
    refused = attacked.run(
        "simulate-colleague", "--after-downgrade", "1", "--shadow", "same-server"
    )
    assert refused.status == 3
    assert "Leave out --shadow" in refused.stderr
