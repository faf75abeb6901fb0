"""Tables that a history needs and that none of its revisions creates."""

import pytest

from driftcheck.sources.created_tables import table_of_no_revision

ALTER = "ALTER TABLE users ADD COLUMN age INTEGER"
ADD_COLUMN = 'op.add_column("users", sa.Column("age", sa.Integer()))'


@pytest.mark.parametrize(
    ("message", "statement"),
    [
        ('relation "users" does not exist', ALTER),
        ('relation "auth.users" does not exist', "ALTER TABLE auth.users ADD COLUMN age INTEGER"),
        ('relation "users" does not exist', 'CREATE INDEX ix ON "users" (age)'),
        ('relation "users" does not exist', 'SELECT "users".id FROM "users"'),
        ('relation "users" does not exist', "SELECT 1 FROM t JOIN users ON true"),
        ("no such table: users", ALTER),
        ("no such table: main.users", "CREATE INDEX ix ON users (age)"),
        ("Table 'school.users' doesn't exist", "ALTER TABLE users ADD COLUMN age INTEGER"),
        ("Failed to open the referenced table 'users'", "CREATE TABLE t (u int REFERENCES users)"),
        ('schema "auth" does not exist', "CREATE TABLE auth.t (u int REFERENCES auth.users (id))"),
    ],
)
def test_a_table_that_no_revision_creates(message, statement, tmp_path):
    file = tmp_path / "0001.py"
    file.write_text(ADD_COLUMN)
    assert table_of_no_revision(message, statement, [file]) == "users"


@pytest.mark.parametrize(
    ("message", "statement", "revision"),
    [
        ('relation "users" does not exist', ALTER, 'op.create_table("users")'),
        ('relation "users" does not exist', ALTER, "op.create_table(\n    'users',\n)"),
        ('relation "users" does not exist', ALTER, 'op.rename_table("people", "users")'),
        (
            'relation "users" does not exist',
            ALTER,
            'op.execute("create table if not exists users")',
        ),
        ('relation "users" does not exist', ALTER, 'op.execute("ALTER TABLE x RENAME TO users")'),
        ('relation "users" does not exist', ALTER, "op.create_table(NAME)"),
        ('relation "users" does not exist', ALTER, "Base.metadata.create_all(op.get_bind())"),
        ('relation "users" does not exist', ALTER, "op.execute(open('schema.sql').read())"),
        ('relation "users_id_seq" does not exist', "SELECT nextval('users_id_seq')", ADD_COLUMN),
        ('type "mood" does not exist', "ALTER TABLE users ADD COLUMN m mood", ADD_COLUMN),
        ('schema "auth" does not exist', "CREATE TABLE auth.users (id int)", ADD_COLUMN),
    ],
)
def test_what_a_revision_may_create_or_is_no_table(message, statement, revision, tmp_path):
    file = tmp_path / "0001.py"
    file.write_text(revision)
    assert table_of_no_revision(message, statement, [file]) == ""


def test_revisions_without_source_are_not_known(tmp_path):
    assert table_of_no_revision("no such table: users", ALTER, [tmp_path / "0001.py"]) == ""


def test_the_advice_for_a_history_that_starts_from_an_existing_schema(sketch):
    project = sketch()
    project.by_hand("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY)")
    project.models(
        'Table("users", metadata, Column("id", Integer, primary_key=True), Column("age", Integer))'
    )
    project.revision("0001", ADD_COLUMN)
    project.upgrade()

    (finding,) = project.compare().database["findings"]

    first, second = finding["remedy"]
    assert (finding["rule"], first["name"], second["name"]) == (
        "history-broken",
        "start from a base snapshot",
        "bootstrap",
    )
    assert first["summary"].startswith("No revision creates the table users: ")
    project.run(*first["code"].split()[1:])
    assert project.compare("--base-snapshot", "base.json").status == 0
