"""Templates: a replay runs only the revisions that a template lacks, and gives the same result."""

import json
import shutil

import pytest

from driftcheck.databases.postgresql.shadow.account import Account
from driftcheck.databases.postgresql.shadow.binaries import embedded_installations
from driftcheck.storage.cache_directory import VARIABLE
from tests.actions.gate.conftest import git
from tests.pipeline.causes.test_models_in_history import ENVIRONMENT, WAYS

pytestmark = pytest.mark.skipif(not embedded_installations(), reason="no embedded PostgreSQL")

RAN = 'with open({path!r}, "a") as ran:\n    ran.write("{name} ")\n'
TABLE = 'op.create_table("t{0}", sa.Column("id", sa.Integer(), primary_key=True))'
MODEL = 'Table("t{0}", metadata, Column("id", Integer, primary_key=True))\n'
EXECUTE = "op.execute({!r})"


class Project:
    """A project whose revisions write their names to a file when they run."""

    def __init__(self, sketch, directory):
        self.sketch = sketch
        self._ran = directory / "ran"
        self._cache = {VARIABLE: str(directory / "cache")}
        self._names = []

    def add(self, *lines):
        """Add a revision at the head."""
        self._names.append(f"{len(self._names) + 1:04}")
        self.write(self._names[-1], *lines)

    def write(self, name, *lines):
        after = f"{int(name) - 1:04}" if int(name) > 1 else None
        begin = RAN.format(path=str(self._ran), name=name)
        return self.sketch.revision(name, begin + "\n".join(lines), after)

    def run(self, *arguments):
        """Return the findings of a command, and the revisions that it ran."""
        self._ran.write_text("")
        result = self.sketch.run(*arguments, "--format", "json", **self._cache)
        assert result.stderr == ""
        return result.database["findings"], self._ran.read_text().split()

    def compare(self, *options):
        return self.run("compare", *options, "--only-gap", "pending")

    def check(self, *ran):
        """Require that ``compare`` runs these revisions and finds what it finds without a cache."""
        findings, have_run = self.compare()
        assert have_run == [*ran]
        uncached, all_revisions = self.compare("--no-cache")
        assert findings == uncached
        assert all_revisions == self._names
        return [finding["address"] or finding["rule"] for finding in findings]

    def start(self):
        arguments = ("compare", "--format", "json", "--only-gap", "pending")
        return self.sketch.start(*arguments, **self._cache)


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory, pg18):
    """A cache for the tests of this file: no other test fills its slots."""
    directory = tmp_path_factory.mktemp("templates")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(directory / "cache"))
        yield directory
        shutil.rmtree(Account.for_servers().home())


@pytest.fixture
def project(sketch, pg18, own_cache):
    """A project with a template at its head."""
    project = Project(sketch(pg18), own_cache)
    project.sketch.models(MODEL.format(1) + MODEL.format(2))
    project.add(TABLE.format(1))
    project.add(TABLE.format(2), EXECUTE.format("INSERT INTO t2 VALUES (7)"))
    return project


def test_only_a_new_revision_runs(project):
    project.check("0001", "0002")
    project.add(TABLE.format(3))
    assert project.check("0003") == ["public.t3"]
    assert project.check() == ["public.t3"]

    project.write("0003", TABLE.format(4))
    assert project.check("0003") == ["public.t4"]


def test_a_new_revision_finds_the_rows_of_the_others(project):
    project.compare()
    project.add(
        'if op.get_bind().scalar(sa.text("SELECT id FROM t2")) == 7:', f"    {TABLE.format(3)}"
    )
    assert project.check("0003") == ["public.t3"]


@pytest.mark.parametrize("options", [(), ("--no-cache",)], ids=["replaced", "not replaced"])
def test_a_template_of_other_content_is_not_used(project, options):
    """The cache has the schemas of the last replay, also if that has kept no template."""
    script = project.sketch.root / "t1.sql"
    script.write_text("CREATE TABLE t1 (id serial PRIMARY KEY)")
    project.write("0001", f"op.execute(open({str(script)!r}).read())")
    project.compare()
    script.write_text("CREATE TABLE t1 (id serial PRIMARY KEY, a integer)")
    project.compare(*options)
    project.add(TABLE.format(3))
    findings, _ = project.compare()
    assert findings == project.compare("--no-cache")[0]
    assert "public.t1.a" in [finding["address"] for finding in findings]


def test_everything_runs_after_a_change_of_what_has_run(project):
    helper = project.sketch.root / "helper.py"
    helper.write_text('NAME = "helped"')
    table = 'op.create_table(helper.NAME, sa.Column("id", sa.Integer(), primary_key=True))'
    project.write("0002", "import helper", table)
    project.compare()

    helper.write_text('NAME = "changed"')
    project.add(TABLE.format(3))
    assert "public.changed" in project.check("0001", "0002", "0003")

    project.write("0001", TABLE.format(1), TABLE.format(5))
    project.add(TABLE.format(4))
    assert "public.t5" in project.check("0001", "0002", "0003", "0004")


def test_live_before_a_template(project):
    project.sketch.upgrade()
    project.run("compare")
    project.add(TABLE.format(3))
    assert project.run("compare")[1] == ["0003"]
    project.add(TABLE.format(4))
    findings, ran = project.run("compare")
    assert ran == ["0004"]
    assert findings == project.run("compare", "--no-cache")[0]
    project.sketch.upgrade("0003")
    project.add(TABLE.format(5))
    findings, ran = project.run("compare")
    assert ran == ["0005"]
    assert findings == project.run("compare", "--no-cache")[0]


LEFT = {
    "enum": ("ALTER TYPE mood ADD VALUE 'new'", "CREATE TABLE t3 (id mood DEFAULT 'new')"),
    "setting": ("SET search_path TO other, public", "CREATE TABLE t3 (id integer)"),
    "local setting": ("SET LOCAL search_path TO other, public", "CREATE TABLE t3 (id integer)"),
    "rows": ("INSERT INTO waiting VALUES (1, 1)", "ALTER TABLE waiting ADD more integer"),
    "temporary table": ("CREATE TEMPORARY TABLE t3 ()", "DROP TABLE t3; CREATE TABLE t4 ()"),
    "plan": ("PREPARE plan AS INSERT INTO t1 VALUES (1)", "EXECUTE plan"),
}
BEFORE = """
CREATE SCHEMA other; CREATE TYPE mood AS ENUM ('old'); CREATE TABLE waiting (
id integer PRIMARY KEY, other integer REFERENCES waiting DEFERRABLE INITIALLY DEFERRED)
"""


@pytest.mark.soak
@pytest.mark.parametrize("what", LEFT)
def test_no_template_after_a_revision_that_leaves_something_to_the_next(project, what):
    """In a transaction or session of its own, the next revision does something else."""
    left, used = LEFT[what]
    project.add(EXECUTE.format(BEFORE))
    project.add(EXECUTE.format(left))
    project.compare()
    project.add(EXECUTE.format(used))
    project.check("0001", "0002", "0003", "0004", "0005")


def test_no_template_of_what_belongs_to_the_server(project):
    project.add(EXECUTE.format("CREATE ROLE made_by_history"))
    project.compare()
    project.add(EXECUTE.format("ALTER TABLE t1 OWNER TO made_by_history"))
    project.check("0001", "0002", "0003", "0004")


def test_no_template_of_a_history_that_creates_the_models(project):
    (project.sketch.root / "migrations" / "env.py").write_text(ENVIRONMENT)
    project.write("0001", WAYS["create_all"])
    project.write("0002", "")
    project.compare()
    project.add(EXECUTE.format("CREATE TABLE t3 (id integer)"))
    project.check("0001", "0002", "0003")


def test_a_revision_that_fails_is_the_same_failure(project):
    project.compare()
    project.add(EXECUTE.format("DROP TABLE t9"))
    findings, ran = project.compare()
    assert ran == ["0003", "0001", "0002", "0003"]
    assert findings == project.compare("--no-cache")[0]
    assert [finding["rule"] for finding in findings] == ["history-broken"]


def test_two_processes_at_once(project):
    project.compare()
    project.add(TABLE.format(3))
    expected = project.compare("--no-cache")[0]
    with project.start() as one, project.start() as other:
        for process in (one, other):
            output, errors = process.communicate(timeout=120)
            assert errors == ""
            assert json.loads(output)["databases"][0]["findings"] == expected


def test_gate_replays_the_base_once(project):
    root = project.sketch.root
    git(root, "init", "--quiet", "--initial-branch", "main")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "base")
    project.add(TABLE.format(3))
    findings, ran = project.run("gate", "--base", "main")
    assert ran == ["0001", "0002", "0003", "0003"]
    assert findings == project.run("gate", "--base", "main", "--no-cache")[0]
    again, ran = project.run("gate", "--base", "main")
    assert (again, ran) == (findings, ["0003"])

    project.write("0001", TABLE.format(5))  # the base has its former text
    project.sketch.upgrade("0002")
    project.run("compare")
    findings = project.run("gate", "--base", "main")[0]
    assert "gate-ways-differ" in [finding["rule"] for finding in findings]
    assert findings == project.run("gate", "--base", "main", "--no-cache")[0]


def test_the_lines_of_an_edited_revision_are_not_those_of_its_former_text(project):
    """A template of the stamped revisions knows nothing of the revisions after them."""
    project.sketch.upgrade()
    project.add(TABLE.format(3), 'op.drop_table("t1")')
    project.run("compare")
    project.write("0003", TABLE.format(4))
    project.sketch.models(MODEL.format(2) + MODEL.format(3))
    findings, ran = project.run("compare")
    assert ran == ["0003"]
    assert findings == project.run("compare", "--no-cache")[0]
    assert project.run("compare")[0] == findings
