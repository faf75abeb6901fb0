"""Every known manner of writing a project: it is found, it is checked, and live stays as it is."""

import tomllib
from pathlib import Path

import pytest

PROJECTS = Path(__file__).parent.parent / "projects"
OWN_SERVER = {
    "alembic/base",
    "flask/base",
    "alembic/alters_database",
    "alembic/creates_database",
    "alembic/drops_database",
}
"""The base projects, and projects whose migrations or models change the whole server.

All others share a private server, which is already running.
"""
NAMES = sorted(str(path.relative_to(PROJECTS)) for path in PROJECTS.glob("*/*") if path.is_dir())


def drivers(name):
    path = PROJECTS / name / "manner.toml"
    said = tomllib.loads(path.read_text()) if path.is_file() else {}
    return said.get("drivers", [None])


# Where alembic check can be run, compare agrees with it.
@pytest.mark.parametrize(
    ("name", "driver"),
    [
        pytest.param(name, driver, id=f"{name} {driver or ''}".strip())
        for name in NAMES
        for driver in drivers(name)
    ],
)
def test_manner(project, pg18, name, driver):
    copy = project(name, driver)
    if name not in OWN_SERVER:
        copy.share_private_server(pg18)
    copy.upgrade()
    is_clean = copy.checks() if driver in (None, copy.manner.drivers[0]) else None
    copy.change_by_hand()
    before = [live.state() for live in copy.lives]

    result = copy.compare()

    told = result.stdout + result.stderr
    assert [live.state() for live in copy.lives] == before, told
    assert result.status == copy.manner.status, told
    assert result.rules == sorted(copy.manner.rules), told
    assert "Traceback" not in told
    if is_clean is not None and result.stdout:
        pending = [f for f in result.findings if "pending" in f["gaps"] and f["fails"]]
        assert all(f["blind_spot"] for f in pending) if is_clean else pending, told
    for words in copy.manner.says:
        assert words in told
