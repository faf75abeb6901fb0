"""Stamps that no upgrade accepts, and stamps of revisions that no file defines."""

import subprocess

import pytest
from alembic.util import CommandError

from tests.kept import variables

OPTIONS = 'options = {{"version_table": "{}", "version_table_schema": "{}"}}'


def write_history(project, options=""):
    project.models(f'for n in "123": Table("t" + n, metadata, Column("id", Integer))\n{options}\n')
    for number in (1, 2, 3):
        after = f"r{number - 1}" if number > 1 else None
        project.revision(
            f"r{number}", f'op.create_table("t{number}", sa.Column("id", sa.Integer))', after
        )


def overlapping(result):
    (finding,) = (f for f in result.database["findings"] if f["rule"] == "stamp-overlapping")
    return finding


def run_remedy(project, finding):
    (remedy,) = finding["remedy"]
    assert remedy["language"] == "sql"
    project.by_hand(remedy["code"])


@pytest.mark.parametrize(
    ("table", "schema"), [("alembic_version", "tools"), ('Odd "versions"', "of tools")]
)
def test_every_command_reports_overlapping_stamps(sketch, pg18, table, schema):
    project, environment = sketch(pg18), variables(pg18)
    write_history(project, OPTIONS.format(table.replace('"', '\\"'), schema))
    statement = f'CREATE SCHEMA IF NOT EXISTS "{schema}"'
    project.by_hand(statement)
    (project.root / "schema.sql").write_text(f"{statement};\n")
    settings = '[tool.driftcheck]\nbootstrap = "schema.sql"\n'
    (project.root / "pyproject.toml").write_text(settings)
    project.upgrade("r2")
    name = f'"{schema}"."{table.replace(chr(34), chr(34) * 2)}"'
    project.by_hand(f"INSERT INTO {name} VALUES ('r1')")
    for command in ("compare", "locate", "simulate-colleague"):
        result = project.run(command, "--format", "json", **environment)
        assert result.status == 1, result.stdout + result.stderr
        finding = overlapping(result)
        assert finding["message"].endswith("has r1, r2: r1 is an ancestor of r2")
        text = project.run(command, **environment).stdout
        assert "Next: correct the version table, then run" in " ".join(text.split()), text
    with pytest.raises(CommandError, match="overlaps"):
        project.upgrade()
    run_remedy(project, finding)
    project.upgrade()
    assert project.compare(**environment).status == 0


def test_a_revision_that_is_recorded_twice(sketch):
    project = sketch()
    write_history(project)
    project.upgrade("r2")
    project.by_hand(
        "DROP TABLE alembic_version;"
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
        "INSERT INTO alembic_version VALUES ('r2'), ('r2'), ('r1')"
    )
    finding = overlapping(project.compare())
    assert finding["message"].endswith("has r1, r2, r2: r1 is an ancestor of r2")
    run_remedy(project, finding)
    project.upgrade()
    result = project.compare()
    assert result.status == 0, result.stdout


def test_only_twice(sketch):
    project = sketch()
    write_history(project)
    project.upgrade("r2")
    project.by_hand(
        "DROP TABLE alembic_version;"
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL);"
        "INSERT INTO alembic_version VALUES ('r2'), ('r2')"
    )
    finding = overlapping(project.compare())
    assert finding["message"].endswith("has r2, r2: r2 is recorded 2 times")
    with pytest.raises(CommandError):
        project.upgrade()
    project.by_hand("DROP TABLE t3")  # SQLite does not roll back DDL
    run_remedy(project, finding)
    project.upgrade()


class Repository:
    """The repository of a project, with its first revision on the branch ``main``."""

    def __init__(self, project):
        self.project = project
        self.git("init", "-q", "-b", "main")
        (project.root / ".gitignore").write_text("live.db\n__pycache__\n")
        self.commit()

    def git(self, *arguments):
        identity = "-c", "user.name=a", "-c", "user.email=a@example.org"
        done = subprocess.run(
            ["git", *identity, *arguments],
            cwd=self.project.root,
            capture_output=True,
            check=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self):
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "Change the migrations")
        return self.git("rev-parse", "HEAD")[:10]


def leave_branch(repository):
    repository.git("checkout", "-q", "main")


def delete_branch(repository):
    repository.git("checkout", "-q", "main")
    repository.git("branch", "-q", "-D", "feature/x")


def delete_files(repository):
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "feature/x")
    for number in (2, 3):
        repository.git("rm", "-q", f"migrations/versions/r{number}.py")
    repository.commit()


REASONS = {
    "another branch": (leave_branch, "r3.py is on feature/x (commit"),
    "a deleted branch": (delete_branch, "which no branch contains any more."),
    "deleted files": (delete_files, "deleted migrations/versions/r3.py; commit"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_file_of_an_unknown_stamp_is_found(sketch, reason):
    """Two revisions are missing: the file of the second one alone could not be loaded."""
    hide, why = REASONS[reason]
    project = sketch()
    write_history(project)
    files = {n: project.root / "migrations" / "versions" / f"r{n}.py" for n in (2, 3)}
    texts = {n: file.read_text() for n, file in files.items()}
    for file in files.values():
        file.unlink()
    repository = Repository(project)
    repository.git("checkout", "-q", "-b", "feature/x")
    for number, file in files.items():
        file.write_text(texts[number])
        repository.commit()
    project.upgrade()
    hide(repository)
    for command in ("compare", "locate"):
        result = project.run(command, "--format", "json")
        found = [f for f in result.database["findings"] if f["rule"] == "stamp-unknown"]
        (finding,) = found
        assert why in finding["why"]
    (remedy,) = finding["remedy"]
    subprocess.run(["sh", "-ec", remedy["code"]], cwd=project.root, check=True)
    result = project.compare()
    assert (result.status, result.findings) == (0, []), result.stdout


@pytest.mark.parametrize("revision", ["4a09", "'; touch hostile; '", "--output=hostile"])
def test_the_command_that_searches_for_an_unknown_stamp(sketch, revision):
    project = sketch()
    write_history(project)
    project.upgrade()
    Repository(project)
    quoted = revision.replace("'", "''")
    project.by_hand(f"UPDATE alembic_version SET version_num = '{quoted}'")
    (finding,) = (f for f in project.compare().database["findings"] if f["rule"] == "stamp-unknown")
    (remedy,) = finding["remedy"]
    command = ["sh", "-ec", remedy["code"]]
    subprocess.run(command, cwd=project.root, check=True, capture_output=True)
    assert not (project.root / "hostile").exists()
