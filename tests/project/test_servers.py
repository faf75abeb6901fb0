"""What a project must not do on live's own server, when its shadows are there as well."""

import pytest

SERVERS = ["--shadow same-server", "--shadow {url}"]


@pytest.fixture
def before_and_after():
    """See that nothing of the whole server has changed, but for numbers drawn by the shadows."""

    def state(live):
        found = live.state()
        del found["transaction"]
        return found

    return state


@pytest.mark.parametrize("name", ["alembic/base", "flask/base"])
def test_shadows_beside_live_leave_nothing(project, before_and_after, name):
    copy = project(name, "postgresql+psycopg2")
    copy.build()
    before = before_and_after(copy.lives[0])
    result = copy.compare("--shadow same-server")
    assert result.rules == ["drift-column-extra"], result.stderr
    assert before_and_after(copy.lives[0]) == before


@pytest.mark.parametrize("name", ["alembic/creates_database", "alembic/drops_database"])
def test_no_statement_reaches_beyond_the_shadow(project, before_and_after, name):
    copy = project(name)
    copy.build()
    before = before_and_after(copy.lives[0])
    result = copy.compare("--shadow same-server")
    assert result.status == 3, result.stdout
    assert "on a server that others use" in result.stderr
    assert before_and_after(copy.lives[0]) == before
