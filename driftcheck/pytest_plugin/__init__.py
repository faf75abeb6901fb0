"""The pytest plugin: ``pytest --driftcheck`` checks the migrations, and fixtures give databases.

pytest imports this module in every run, so it imports nothing but pytest. See docs/pytest.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

TYPE_CHECKING = False  # the name that type checkers know, without the import of typing
if TYPE_CHECKING:
    from sqlalchemy.engine import URL

    from driftcheck.pytest_plugin.session import AlembicHistory

_MARKER = "driftcheck: a check of the migrations, made by pytest --driftcheck"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option and the key of the configuration file."""
    group = parser.getgroup("driftcheck")
    group.addoption(
        "--driftcheck",
        action="store_true",
        help="Check the migrations: one head, build from nothing, nothing pending, and the "
        "downgrade and upgrade of each revision.",
    )
    parser.addini(
        "driftcheck_root",
        "The directory of the project that driftcheck checks, relative to the rootdir.",
        default=".",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of the items."""
    config.addinivalue_line("markers", _MARKER)


@pytest.hookimpl(tryfirst=True)  # so that -k, -m and --lf select among the items
def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the checks of the migrations behind the tests."""
    if config.getoption("driftcheck"):
        from driftcheck.pytest_plugin.items import items_of  # noqa: PLC0415

        items += items_of(session)


@pytest.fixture
def shadow_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """Give the URL of an empty database, which is dropped after the test."""
    from driftcheck.pytest_plugin.session import database  # noqa: PLC0415

    with database(request.config, "empty") as url:
        yield url


@pytest.fixture
def migrated_database(request: pytest.FixtureRequest) -> Iterator[URL]:
    """Give the URL of a database at the head of the migrations, which is dropped after the test."""
    from driftcheck.pytest_plugin.session import database  # noqa: PLC0415

    with database(request.config, "migrated") as url:
        yield url


@pytest.fixture
def alembic_history(request: pytest.FixtureRequest) -> Iterator[AlembicHistory]:
    """Give a database before the first revision, with which a test runs the migrations."""
    from driftcheck.pytest_plugin.session import history  # noqa: PLC0415

    with history(request.config) as opened:
        yield opened
