"""The catalog of PostgreSQL."""

import pytest

from driftcheck.databases.registry import catalog_for


@pytest.fixture(scope="session")
def catalog():
    return catalog_for("postgresql")
