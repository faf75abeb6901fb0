"""Commands that only look leave the live database as it was, to the byte and to the counter."""

import shutil
import subprocess
from pathlib import Path

import alembic
import pytest

from driftcheck.databases.postgresql.shadow.binaries import embedded_installations

TEMPLATE = Path(alembic.__file__).parent / "templates" / "generic" / "script.py.mako"
COUNTERS = """
SELECT tup_inserted, tup_updated, tup_deleted FROM pg_stat_database
WHERE datname = current_database()
"""


def state(live):
    (installation,) = [one for one in embedded_installations() if one.major == 18]
    place = [
        "-h",
        live.url.query["host"],
        "-p",
        live.url.query["port"],
        "-U",
        live.url.username,
    ]
    done = subprocess.run(
        [installation.bin / "pg_dump", *place, live.name],
        capture_output=True,
        text=True,
        check=True,
    )
    dump = [line for line in done.stdout.splitlines() if "restrict " not in line]
    live.close()  # its numbers are told when it ends
    return dump, live.execute(COUNTERS)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ("compare", 1),
        ("compare --only-gap drift --no-cache", 1),
        ("simulate-colleague --with-data", 0),
        ("simulate-colleague --after-downgrade 1", 3),  # there is no downgrade()
        ("repair --output repair.sql", 1),
        ("adopt", 3),  # it needs a private server
        ("diff {url} {url}", 0),
        ("snapshot --write base.json", 0),
        ("fleet fleet.toml", 1),
        ("doctor", 0),
        ("init --ci github --yes", 0),
    ],
)
def test_a_server(pg_school, arguments, status):
    project = pg_school.project
    project.by_hand("INSERT INTO students VALUES (1); ALTER TABLE students ADD age integer")
    before = state(project.live)
    assert "COPY public.students" in "\n".join(before[0])

    (project.root / "fleet.toml").write_text(f'[databases.live]\nurl = "{project.url}"\n')
    shutil.copy(TEMPLATE, project.root / "migrations")
    arguments = arguments.format(url=project.url).split()
    result = project.run(*arguments, DRIFTCHECK_SHADOW=pg_school.shadow)

    assert result.status == status, result.stderr
    assert state(project.live) == before


@pytest.mark.parametrize(
    "arguments",
    [
        "compare",
        "repair --output repair.sql",
        "diff {url} {url}",
        "snapshot --write base.json",
        "fleet fleet.toml",
        "doctor",
        "init --ci github --yes",
    ],
)
def test_a_file(school, arguments):
    school.by_hand("INSERT INTO students VALUES (1); ALTER TABLE students ADD age integer")
    before = {path.name: path.read_bytes() for path in school.root.glob("live*")}
    (school.root / "fleet.toml").write_text(f'[databases.live]\nurl = "{school.url}"\n')
    result = school.run(*arguments.format(url=school.url).split())
    finds = arguments.startswith(("compare", "repair", "fleet"))
    assert result.status == (1 if finds else 0), result.stderr
    assert {path.name: path.read_bytes() for path in school.root.glob("live*")} == before
