"""The answers of the child process of the pytest plugin, in types that are light to import."""

from __future__ import annotations

from typing import NamedTuple


class Outcome(NamedTuple):
    """The result of a check. It has passed if both texts are empty.

    Attributes:
        failure: What is wrong, as a report.
        skipped: Why nothing was checked.
    """

    failure: str = ""
    skipped: str = ""


class RevisionPlace(NamedTuple):
    """A revision, and where its downgrade is.

    Attributes:
        revision: The identifier.
        file: The absolute path of its file.
        line: The line of ``downgrade()``, from 1.
    """

    revision: str
    file: str
    line: int


class DatabaseForTest(NamedTuple):
    """A database for a test.

    Attributes:
        name: Its name among the databases of the process, with which it is dropped.
        url: Its URL, with the driver of the project.
    """

    name: str
    url: str
