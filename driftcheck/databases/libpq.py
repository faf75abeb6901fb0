"""What libpq adds to a connection's parameters from its environment variables and service files.

https://www.postgresql.org/docs/current/libpq-envars.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from configparser import ConfigParser, Error
from pathlib import Path

PLACE_VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "dbname": "PGDATABASE",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "passfile": "PGPASSFILE",
    "service": "PGSERVICE",
}
"""Parameters that say where to connect and as whom, with the variable that each is taken from."""


def added_parameters(given: Mapping[str, object]) -> dict[str, str]:
    """What libpq adds to the parameters given: from a service first, then from the environment.

    ``os.environ`` is what counts: while user code runs, libpq itself is shown another environment.
    """
    said = {key: os.environ.get(name, "") for key, name in PLACE_VARIABLES.items()}
    service = given.get("service") or said["service"]
    if service:
        said |= _service_parameters(str(service))
    return {key: value for key, value in said.items() if value and given.get(key) is None}


def explicit_parameters(given: Mapping[str, object]) -> dict[str, str]:
    """What to add to the parameters given so that libpq's environment has no say in the place.

    An empty host and an empty ``hostaddr`` stand for the defaults that are built in.
    """
    added = added_parameters(given)
    if str(given.get("host") or "").startswith("/"):
        added.pop("hostaddr", None)  # a socket that was asked for, and no address
    for key in ("host", "hostaddr"):
        if given.get(key) is None:
            added.setdefault(key, "")
    return added


def _service_parameters(name: str) -> dict[str, str]:
    """The parameters of a service; none where no file has it, which libpq will say."""
    for path in _service_files():
        parser = ConfigParser(interpolation=None, delimiters="=", strict=False)
        try:
            parser.read(path, encoding="utf-8")
        except (Error, UnicodeDecodeError):
            continue
        if parser.has_section(name):
            return dict(parser.items(name))
    return {}


def _service_files() -> Iterator[Path]:
    own = os.environ.get("PGSERVICEFILE")
    yield Path(own) if own else Path.home() / ".pg_service.conf"
    if directory := os.environ.get("PGSYSCONFDIR"):
        yield Path(directory) / "pg_service.conf"
