"""The child process of a pytest session, and what the fixtures give to tests."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from sqlalchemy.engine import URL, make_url

from driftcheck.actions.testing.answers import DatabaseForTest
from driftcheck.errors import DriftcheckError
from driftcheck.process.child import Child

_CHILD = pytest.StashKey[Child]()


class AlembicHistory:
    """The migrations of the project, and a database that they run on.

    A test must end its transactions before it runs a migration: a migration waits for locks.

    Args:
        config: The configuration of the session.
        made: The database.

    Attributes:
        url: The URL of the database, with the driver of the project.
    """

    def __init__(self, config: pytest.Config, made: DatabaseForTest) -> None:
        self.url: URL = make_url(made.url)
        self._config = config
        self._name = made.name

    @property
    def revisions(self) -> list[str]:
        """All revisions, in an order in which they run."""
        return [place.revision for place in call(self._config, "checks", "revisions")]

    def upgrade(self, revision: str = "head") -> None:
        """Run the migrations up to a revision, by default all of them.

        Raises:
            UsageError: There is no such revision.
            ReplayError: A revision fails.
        """
        self._call("upgrade", revision)

    def upgrade_before(self, revision: str) -> None:
        """Run the migrations before a revision, so that a test can insert what it will find.

        Raises:
            UsageError: There is no such revision.
            ReplayError: A revision fails.
        """
        self._call("upgrade_before", revision)

    def downgrade(self, revision: str) -> None:
        """Undo the migrations after a revision; all of them for ``base``.

        Raises:
            UsageError: There is no such revision.
            ReplayError: A revision fails.
        """
        self._call("downgrade", revision)

    def _call(self, name: str, revision: str) -> None:
        call(self._config, "databases", name, self._name, str(revision))


def call(config: pytest.Config, subject: str, name: str, *arguments: str) -> Any:
    """Call the child process of the session, which the first call starts.

    Args:
        config: The configuration of the session.
        subject: ``checks`` or ``databases``.
        name: The name of a method of ``HistoryChecks`` or of ``DatabasesForTests``.
        arguments: Its arguments.

    Raises:
        DriftcheckError: The project cannot be loaded, or what was asked for cannot be done.
    """
    if _CHILD not in config.stash:
        root = config.rootpath / config.getini("driftcheck_root")
        child = Child(["pytest-answers"], root, _environment(config))
        config.stash[_CHILD] = child
        config.add_cleanup(child.close)
    return config.stash[_CHILD].call(subject, name, *arguments)


@contextmanager
def database(config: pytest.Config, kind: str) -> Iterator[URL]:
    """Make a database for a test, and drop it at the end.

    Args:
        config: The configuration of the session.
        kind: ``empty`` or ``migrated``.
    """
    with _made(config, kind) as made:
        yield make_url(made.url)


@contextmanager
def history(config: pytest.Config) -> Iterator[AlembicHistory]:
    """Make a database for a test that runs the migrations itself, and drop it at the end."""
    with _made(config, "unmigrated") as made:
        yield AlembicHistory(config, made)


@contextmanager
def _made(config: pytest.Config, kind: str) -> Iterator[DatabaseForTest]:
    text = ""
    try:
        made: DatabaseForTest = call(config, "databases", kind)
    except DriftcheckError as error:
        text = error_text(error)
    if text:  # not above, so that the error is not reported as the context of the failure
        pytest.fail(text, pytrace=False)
    yield made
    with suppress(DriftcheckError):  # what cannot be dropped now is dropped at the end
        call(config, "databases", "drop", made.name)


def error_text(error: DriftcheckError) -> str:
    """Return an error as the text of a failure: the message, the details, the hint."""
    return "\n".join(filter(None, (f"driftcheck: {error.message}", error.details, error.hint)))


def _environment(config: pytest.Config) -> dict[str, str]:
    """Return the variables of the child: with the key ``pythonpath``, which pytest has applied."""
    paths = [str(path) for path in config.getini("pythonpath")]
    before = os.environ.get("PYTHONPATH")
    if not paths:
        return dict(os.environ)
    return os.environ | {"PYTHONPATH": os.pathsep.join([*paths, *([before] if before else [])])}
