"""What a connection can do in a database, for ``driftcheck doctor``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Hidden(NamedTuple):
    """A part of a schema that the user cannot read.

    Attributes:
        message: What cannot be read, without a full stop.
        remedy: What to do about it.
    """

    message: str
    remedy: str


@dataclass(frozen=True)
class Access:
    """What a connection can do in a database.

    Attributes:
        server: The database system with its version: ``PostgreSQL 16.4``.
        user: The user; empty if the database system has none.
        encryption: The protocol that encrypts the connection; empty if it is not encrypted.
        how_to_encrypt: What to do if it is not encrypted.
        is_local: Whether the connection does not leave this machine.
        oldest: The oldest version that driftcheck supports; empty if the server is not older.
        rights: What the user may do that is of use to driftcheck, each a clause.
        hidden: What the user cannot read.
    """

    server: str
    user: str = ""
    encryption: str = ""
    how_to_encrypt: str = ""
    is_local: bool = False
    oldest: str = ""
    rights: tuple[str, ...] = ()
    hidden: tuple[Hidden, ...] = ()
