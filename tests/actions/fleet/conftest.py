"""A project, and databases that its history has upgraded."""

import json
from contextlib import suppress

import pytest

SECRET = "s3cr3t-w0rd"


class Fleet:
    """A project and the file that names its databases.

    Attributes:
        project: The project.
        state: The file of the run.
    """

    def __init__(self, project, new_database):
        self.project = project
        self.state = project.root / "state.jsonl"
        self._new_database = new_database
        self._lines = []

    def add(self, name, *statements, revision="heads", database=None, **keys):
        """Upgrade a new database, run statements there, and name it in the file."""
        database = database or self._new_database()
        if revision is not None:
            self.project.upgrade(revision, url=database.text_url)
        for statement in statements:
            database.execute(statement)
        self.name(name, database.text_url, **keys)
        return database

    def name(self, name, url, **keys):
        """Name a database in the file."""
        values = {"url": url, **keys}
        lines = (f"{key} = {json.dumps(value)}" for key, value in values.items())
        self._lines += [f"[databases.{json.dumps(name)}]", *lines]
        (self.project.root / "fleet.toml").write_text("\n".join(self._lines) + "\n")

    def run(self, *options, source="fleet.toml", **variables):
        """Check the fleet, and return the result with its JSON report."""
        source = (source,) if isinstance(source, str) else source
        state = ("--state", str(self.state)) if self.state else ()
        form = () if "--format" in options else ("--format", "json")
        options = (*state, *form, *options)
        result = self.project.run("fleet", *source, *options, **variables)
        result.report = None
        with suppress(ValueError):
            result.report = json.loads(result.stdout)
            result.clusters = {
                ", ".join(member["name"] for member in cluster["members"]): (
                    cluster["stamped"],
                    sorted(f["rule"] for f in cluster["compared"]["findings"]),
                )
                for cluster in result.report["clusters"]
            }
            result.not_checked = {each["name"]: each for each in result.report["not_checked"]}
        return result


def school(project):
    """Write two revisions."""
    project.models(
        'Table("students", metadata, Column("id", Integer, primary_key=True), '
        'Column("name", Text, index=True))'
    )
    project.revision(
        "0001",
        'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True), '
        'sa.Column("name", sa.Text()))',
    )
    project.revision("0002", 'op.create_index("ix_students_name", "students", ["name"])', "0001")
    return project


@pytest.fixture
def fleet(sketch, pg18, database):
    return Fleet(school(sketch(pg18)), lambda: database(pg18))
