"""Ways by which user code may try to write to a live database, by name, and what becomes of each.

Each way is the text of ``intruder.py``, which the ``env.py`` of a small project imports, or the
body of its revision. It finds in ``live.py`` where the live database is. What becomes of it:

- ``refused``: the check fails; the message names the file and the line.
- ``told``: user code ran after the check, or where it had no part in that: a message follows the
  report.
- ``nowhere``: what was started found no way to the server, and failed.
- ``shadow``: it was done, in a shadow database.
- ``open``: it reached live. This is not promised, and ``docs/security.md`` says so.
"""

from dataclasses import dataclass
from textwrap import dedent

CREATE = "CREATE TABLE intruder (id integer)"


@dataclass(frozen=True)
class Way:
    """One way.

    Attributes:
        name: What it is called.
        lives: The sorts of live database it is tried on: ``socket``, ``tcp``, ``sqlite``.
        outcome: What becomes of it.
        code: What the project does.
        place: ``env`` or ``revision``: where it does it.
        options: Of ``driftcheck compare``.
        says: A part of the message.
    """

    name: str
    lives: tuple[str, ...]
    outcome: str
    code: str
    place: str = "env"
    options: str = ""
    says: str = ""


class Ways(list):
    """Ways, each added by a call."""

    def __call__(self, name, lives, outcome, code, **more):
        self.append(Way(name, tuple(lives.split()), outcome, dedent(code).strip() + "\n", **more))


def run_by(connection):
    """Statements that write by a DB-API connection."""
    return f"""
connection = {connection}
connection.autocommit = True
connection.cursor().execute(CREATE)
"""


PSYCOPG2 = "import psycopg2\n"
NO_SHADOW = "does not lead to a shadow database"
ENGINE = "from sqlalchemy import create_engine, event, pool, text\n"
