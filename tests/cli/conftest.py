"""What running the command line needs: a project in a file, and how a refusal must look."""

from types import SimpleNamespace

import pytest

SECRET = "s3cr3t-w0rd"


@pytest.fixture
def secret():
    return SECRET


def _fill(project):
    project.models('Table("students", metadata, Column("id", Integer, primary_key=True))')
    project.revision(
        "0001", 'op.create_table("students", sa.Column("id", sa.Integer(), primary_key=True))'
    )
    project.upgrade()
    return project


@pytest.fixture
def school(sketch):
    """A project with a live database in a file, in step."""
    return _fill(sketch())


@pytest.fixture
def pg_school(sketch, pg18):
    """The same on a server, and what is on that server."""
    project = _fill(sketch(pg18))

    def on_server():
        databases = project.live.execute("SELECT datname FROM pg_database ORDER BY 1")
        roles = project.live.execute("SELECT rolname FROM pg_roles ORDER BY 1")
        return databases, roles

    shadow = project.live.url.set(database="postgres").render_as_string(hide_password=False)
    return SimpleNamespace(project=project, on_server=on_server, shadow=shadow)


@pytest.fixture
def refused():
    """Hold a run against how driftcheck refuses: what, where, what next, on one screen."""

    def hold(result, status, *words):
        told = result.stderr
        assert result.status == status, told + result.stdout
        assert result.stdout == ""
        assert "Traceback" not in told
        assert 1 < len(told.splitlines()) <= 20
        assert SECRET not in told
        for word in words:
            assert word in told

    return hold
