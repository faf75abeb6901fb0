"""The tools that the catalogue is played to, a module each.

A module has ``NAME``, ``version()`` and ``Tool``: a class that is made on a SQLAlchemy connection
to the untouched base, and whose ``says(connection, privileges=...)`` is all that the tool says of
the database as it then is. One with ``COMMITTED = True`` looks with a connection of its own. Each
runs in a process of its own, for some change others by being imported.
"""

TOOLS = (
    "alembic_plain",
    "alembic_switches",
    "alembic_plugins",
    "migra_",
    "pg_dump",
    "pg_dump_plain",
    "driftcheck_",
)
