"""One project and many databases: clusters, what cannot be read, and what is resumed."""

import json
import signal
import socket
import time
from contextlib import closing

import pytest

from tests.actions.fleet.conftest import Fleet, school

SECRET = "s3cr3t-w0rd"
NO_INDEX = "DROP INDEX ix_students_name"
NOWHERE = f"postgresql://someone:{SECRET}@127.0.0.1:1/none"


def test_clusters(fleet):
    fleet.add("one")
    fleet.add("two", NO_INDEX, group="eu")
    fleet.add("three")
    fleet.add("four", NO_INDEX)
    fleet.add("five", revision="0001")
    fleet.name("six", NOWHERE)
    result = fleet.run()
    assert result.status == 1, result.stderr
    assert result.clusters == {
        "one, three": (["0002"], []),
        "two, four": (["0002"], ["drift-index-missing"]),
        "five": (["0001"], ["unapplied-index-missing"]),
    }
    assert [*result.not_checked] == ["six"]
    assert (
        "cannot connect to postgresql://someone@127.0.0.1:1/none"
        in (result.not_checked["six"]["reason"])
    )
    assert SECRET not in result.stdout + result.stderr + fleet.state.read_text()


def test_the_exit_code(fleet):
    fleet.add("one")
    assert fleet.run().status == 0
    fleet.add("two", NO_INDEX)
    assert fleet.run("--fail-on", "pending").status == 0
    fleet.name("three", NOWHERE)
    assert fleet.run("--fail-on", "pending").status == 3
    assert fleet.run().status == 1


def test_no_database_is_reached(fleet):
    fleet.name("one", NOWHERE)
    result = fleet.run()
    assert (result.status, result.stdout) == (3, "")
    assert "no database of the fleet can be reached" in result.stderr
    assert SECRET not in result.stderr


def test_a_database_that_does_not_answer(fleet):
    """It takes the connection and is silent."""
    fleet.add("one")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        fleet.name("two", f"postgresql://someone@127.0.0.1:{port}/none")
        result = fleet.run("--timeout", "1")
    assert (result.status, [*result.clusters]) == (3, ["one"])
    assert "did not answer within 1 seconds" in result.not_checked["two"]["reason"]


def test_pending_is_compared_on_request(fleet):
    fleet.add("one")
    fleet.project.models('Table("students", metadata, Column("id", Integer, primary_key=True))')
    assert fleet.run().status == 0
    gaps = [option for gap in ("pending", "drift") for option in ("--only-gap", gap)]
    assert fleet.run(*gaps).clusters["one"][1] == ["pending-column-extra"]


def test_evidence_divides_members_and_findings_join_them(fleet):
    """A renamed column is recognized by its number, which is no part of a comparison."""
    renamed = "ALTER TABLE students RENAME name TO label"
    anew = (
        "ALTER TABLE students DROP name, ADD label text",
        "CREATE INDEX ix_students_name ON students (label)",
    )
    fleet.add("one", renamed)
    fleet.add("two", *anew)
    fleet.add("three", renamed)
    clusters = fleet.run().clusters
    assert set(clusters) == {"one, three", "two"}
    assert "drift-column-renamed" in clusters["one, three"][1]
    assert "drift-column-missing" in clusters["two"][1]


def test_ignored_findings(fleet):
    (fleet.project.root / "pyproject.toml").write_text(
        '[[tool.driftcheck.ignore]]\nrule = "drift-index-missing"\nreason = "known"\n'
        '[[tool.driftcheck.ignore]]\nrule = "drift-view-extra"\nreason = "old"\n'
    )
    fleet.add("one")
    fleet.add("two", NO_INDEX)
    result = fleet.run()
    assert result.clusters == {"one": (["0002"], []), "two": (["0002"], [])}
    assert [fault["rule"] for fault in result.report["faults"]] == ["ignore-unmatched"]


def test_an_unfinished_run_is_resumed(fleet):
    fleet.add("one")
    fleet.name("two", NOWHERE)
    first = fleet.run()
    assert (first.status, first.report["resumed"]) == (3, 0)
    assert fleet.run("--resume").report["resumed"] == 1
    assert fleet.run().report["resumed"] == 0


def test_what_has_changed_is_read_anew(fleet):
    # A member that has changed since it was read has its present result.
    one = fleet.add("one")
    fleet.name("two", NOWHERE)
    fleet.add("three")
    assert fleet.run().clusters == {"one, three": (["0002"], [])}
    one.execute(NO_INDEX)
    again = fleet.run("--resume")
    assert again.report["resumed"] == 2
    assert again.clusters == {"three": (["0002"], []), "one": (["0002"], ["drift-index-missing"])}

    # Another history, and other properties, are read anew.
    assert fleet.run("--resume", "--owners").report["resumed"] == 0
    fleet.project.revision("0003", 'op.drop_index("ix_students_name")', "0002")
    assert fleet.run("--resume").report["resumed"] == 0


def test_a_file_that_others_can_write_is_not_resumed(fleet, tmp_path):
    fleet.add("one")
    fleet.name("two", NOWHERE)
    fleet.state = tmp_path / "shared" / "state.jsonl"
    fleet.run()
    fleet.state.parent.chmod(0o777)
    result = fleet.run("--resume")
    assert (result.report["resumed"], "not resumed: " in result.stderr) == (0, True)


def test_a_finished_run_is_not_resumed(fleet):
    fleet.add("one")
    fleet.run()
    assert fleet.run("--resume").report["resumed"] == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_run_that_a_signal_has_ended_is_resumed(fleet, number):
    for name in "abc":
        fleet.add(name)
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        fleet.name("silent", f"postgresql://someone@127.0.0.1:{port}/none")
        process = fleet.project.start("fleet", "fleet.toml", "--state", str(fleet.state))
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if fleet.state.exists() and fleet.state.read_text().count('"member"') == 3:
                break
            time.sleep(0.05)
        process.send_signal(number)
        began = time.monotonic()
        process.communicate()
    assert time.monotonic() - began < 8  # less than the silent database would take
    with fleet.state.open("a") as stream:
        stream.write('{"member": "cut o')
    result = fleet.run("--resume")
    assert (result.report["resumed"], len(result.clusters)) == (3, 1)
    assert [json.loads(line)["member"] for line in fleet.state.read_text().splitlines()[1:4]]


def test_two_runs_with_one_file(fleet):
    fleet.add("one")
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        port = silent.getsockname()[1]
        fleet.name("two", f"postgresql://someone@127.0.0.1:{port}/none")
        process = fleet.project.start("fleet", "fleet.toml", "--state", str(fleet.state))
        while process.poll() is None and not (fleet.state.exists() and fleet.state.read_text()):
            time.sleep(0.05)
        result = fleet.run()
        process.kill()
        process.communicate()
    assert result.status == 2
    assert f"another run writes {fleet.state}" in result.stderr


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no database"),
        ("[databases]\n", "names no database"),
        ("[databases", "cannot be read"),
        ("[databases.a]\nurl = 1\n", "url of [databases.a]"),
        ("[databases.a]\nport = 1\n", "unknown key: port"),
        ("[databases.a]\n", "either url or url_file"),
        ('[databases.a]\nurl = "env:A"\nurl_file = "b"\n', "either url or url_file"),
        ('[databases.a]\nurl = "env:A"\nx = "tenant=a"\n', "x of [databases.a]"),
        (f'[databases.a]\nurl = "{SECRET}"\n', "does not say where the URL"),
        (f'[databases.a]\nurl = "oracle://a:{SECRET}@b/c"\n', "does not support"),
    ],
)
def test_a_wrong_file(fleet, text, words):
    (fleet.project.root / "fleet.toml").write_text(text)
    result = fleet.run()
    assert (result.status, result.stdout) == (2, "")
    assert words in result.stderr
    assert SECRET not in result.stderr
    assert "Traceback" not in result.stderr


def test_references(fleet):
    root, url = fleet.project.root, fleet.add("literal").text_url
    (root / "url").write_text(f"{url}\n")
    (root / "urls.toml").write_text(f'one = "{url}"\n')
    fleet.name("variable", "env:FLEET_URL")
    fleet.name("key", "file:urls.toml#one")
    fleet.name("no variable", "env:FLEET_NOTHING")
    fleet.name("no file", "file:nothing")
    fleet.name("no key", "file:urls.toml#two")
    with (root / "fleet.toml").open("a") as stream:
        stream.write('[databases.file]\nurl_file = "url"\n')
    result = fleet.run(FLEET_URL=url)
    assert [*result.clusters] == ["literal, variable, key, file"]
    reasons = {name: each["reason"] for name, each in result.not_checked.items()}
    assert reasons == {
        "no variable": "the environment variable FLEET_NOTHING is not set",
        "no file": f"the file {root}/nothing cannot be read: No such file or directory",
        "no key": f"the file {root}/urls.toml has no URL for the key 'two'",
    }


def test_a_query(fleet, database, pg18):
    one, two = fleet.add("one"), fleet.add("two", NO_INDEX)
    control = database(pg18, "CREATE TABLE customers (name text, url text, region text)")
    insert = "INSERT INTO customers VALUES (%s, %s, %s)"
    control.execute(insert, "a", one.text_url, "eu")
    control.execute(insert, "b", "env:FLEET_B", None)
    query = "SELECT name, url, region FROM customers ORDER BY name"
    named = ("--control", control.text_url, "--from-query")
    result = fleet.run(source=(*named, query), FLEET_B=two.text_url)
    assert result.clusters == {"a": (["0002"], []), "b": (["0002"], ["drift-index-missing"])}
    groups = [member["group"] for c in result.report["clusters"] for member in c["members"]]
    assert groups == ["eu", ""]
    for wrong, words in [
        ("SELECT name FROM customers", "rows of another form"),
        ("SELECT name, url FROM customers WHERE false", "no row"),
        ("SELECT 'a', url FROM customers", "two databases of the fleet have the name 'a'"),
        (f"SELECT 'a', '{SECRET}'", "the URL of 'a' does not say where"),
        ("SELECT nothing", "the query of --from-query fails"),
        ("DELETE FROM customers", "cannot execute DELETE in a read-only transaction"),
    ]:
        result = fleet.run(source=(*named, wrong))
        assert (result.status, words in result.stderr) == (2, True), result.stderr
        assert SECRET not in result.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "name the databases with one of"),
        (("fleet.toml", "--schemas", "a*"), "name the databases with one of"),
        (("--from-query", "SELECT 1"), "must be given together"),
        (("--schemas", "a*"), "--schemas needs the database"),
        (("fleet.toml", "--only-gap", "pending"), "compare --only-gap pending"),
        (("fleet.toml", "--jobs", "0"), "--jobs"),
        (("fleet.toml", "--database-url", "postgresql:///a"), "--database-url"),
    ],
)
def test_wrong_options(fleet, options, words):
    fleet.name("one", "env:NOTHING")
    fleet.state = None
    result = fleet.run(source=options)
    assert (result.status, result.stdout) == (2, "")
    assert words in result.stderr


def test_servers_of_two_versions(fleet, database, pg15):
    """Each is compared with shadows on a server like its own."""
    fleet.project.revision(
        "0003", 'op.create_table("t", sa.Column("a", sa.Integer(), nullable=False))', "0002"
    )
    fleet.add("new")
    old = fleet.add("old", database=database(pg15))
    assert fleet.run().clusters == {"new, old": (["0003"], [])}
    old.execute("ALTER TABLE t ALTER a DROP NOT NULL")
    shadows = {
        cluster["members"][0]["name"]: cluster["compared"]["shadows"]
        for cluster in fleet.run().report["clusters"]
    }
    assert "it has live's major version, 18" in shadows["new"]
    assert "it has live's major version, 15" in shadows["old"]


def test_mariadb(sketch, mariadb_database):
    project = school(sketch())
    project.models("")
    project.revision("0001", 'op.create_table("t", sa.Column("a", sa.Integer()))')
    project.revision("0002", 'op.create_index("ix_t", "t", ["a"])', "0001")
    project.name_database(mariadb_database().text_url)
    fleet = Fleet(project, mariadb_database)
    fleet.add("one")
    fleet.add("two", "DROP INDEX ix_t ON t")
    fleet.add("three")
    clusters = fleet.run().clusters
    assert clusters == {"one, three": (["0002"], []), "two": (["0002"], ["drift-index-missing"])}


def test_arguments_of_members(fleet):
    """env.py configures another version table for each of them."""
    env = fleet.project.root / "migrations" / "env.py"
    env.write_text(
        env.read_text().replace(
            "connection=connection,",
            "connection=connection, version_table=context.get_x_argument(as_dictionary=True)"
            '.get("of", "alembic_version"),',
        )
    )
    fleet.add("one")
    other = fleet.add("two", x=["of=other"])
    assert fleet.run().clusters["two"] == ([], ["stamp-missing"])
    other.execute("ALTER TABLE alembic_version RENAME TO other")
    assert {name: found for name, (_, found) in fleet.run().clusters.items()} == {"one, two": []}


def test_files_of_sqlite(sketch, tmp_path):
    project = school(sketch())
    fleet = Fleet(project, None)
    for name in "ab":
        url = f"sqlite:///{tmp_path / name}.db"
        project.upgrade(url=url)
        fleet.name(name, url)
    fleet.name("c", f"sqlite:///{tmp_path / 'c'}.db")
    result = fleet.run()
    assert [*result.clusters] == ["a, b"]
    assert not (tmp_path / "c.db").exists()
    assert [*result.not_checked] == ["c"]

    # The project's code reaches no member.
    env = project.root / "migrations" / "env.py"
    opened = f"import sqlite3; sqlite3.connect({str(tmp_path / 'b.db')!r})"
    env.write_text(f"{opened}\n{env.read_text()}")
    result = fleet.run()
    assert (result.status, result.stdout) == (3, "")
    assert f"{tmp_path / 'b.db'}" in result.stderr


def test_a_project_with_several_databases(fleet, database, pg18):
    env = fleet.project.root / "migrations" / "env.py"
    fleet.add("one")
    other = database(pg18).text_url
    again = env.read_text().replace('config.get_main_option("sqlalchemy.url")', repr(other))
    env.write_text(f"{env.read_text()}\n{again}")
    result = fleet.run()
    assert (result.status, result.stdout) == (2, "")
    assert "the project migrates 2 databases" in result.stderr
    assert "run driftcheck compare" in result.stderr
