"""Chooses the remedies for a revision that fails, from the message of the failure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from driftcheck.judging.findings import Remedy
from driftcheck.project.failure_hints import schema_hint
from driftcheck.quoting import quote_identifier

_MISSING_EXTENSION = re.compile(
    r'extension "?([^"]+)"? is not available|/extension/(.+?)(?:--.*)?\.(?:control|sql)"'
)
_MISSING_OBJECT = re.compile(
    r'type "(?P<type>\w+)(?:\[\])?" does not exist|function (?P<function>\w+)\(.*\) does not exist|'
    r'operator class "(?P<operator_class>\w+)" does not exist'
)
_EXTENSION_OF = {
    "citext": "citext",
    "hstore": "hstore",
    "ltree": "ltree",
    "vector": "vector",
    "geometry": "postgis",
    "geography": "postgis",
    "uuid_generate_v4": "uuid-ossp",
    "uuid_generate_v1": "uuid-ossp",
    "uuid_generate_v1mc": "uuid-ossp",
    "crypt": "pgcrypto",
    "gen_salt": "pgcrypto",
    "gen_random_bytes": "pgcrypto",
    "digest": "pgcrypto",
    "unaccent": "unaccent",
    "similarity": "pg_trgm",
    "gin_trgm_ops": "pg_trgm",
    "gist_trgm_ops": "pg_trgm",
}
"""The extensions that create types, functions and operator classes of these names.

Source: PostgreSQL documentation, "Additional Supplied Modules"; PostGIS and pgvector documentation.
"""

_IN_TRANSACTION = re.compile("cannot run inside a transaction block|unsafe use of new value")
_AUTOCOMMIT = Remedy(
    "use an autocommit block",
    "Put the operation into a block that ends the transaction of the migration. A value that is "
    "added to an enum can only be used after that.",
    "python",
    "with op.get_context().autocommit_block():\n    ...",
)
_MISSING_NAME = re.compile(r"NameError: name '(\w+)' is not defined")
_WITHOUT_NAME = re.compile(r"Constraint must have a name")
_NAME_CONSTRAINTS = Remedy(
    "name the constraints",
    "Give the metadata of the models a naming_convention, and write the name of the constraint "
    "into the operation. An unnamed constraint of SQLite is dropped with the argument "
    "naming_convention of op.batch_alter_table().",
)


def revision_remedies(message: str, variable: str = "") -> Iterator[Remedy]:
    """Yield the remedies for a failed revision if the cause is known.

    Args:
        message: The message of the database or of the exception.
        variable: The environment variable that the revision needs and that is not set.
    """
    if variable:
        yield Remedy(
            "set the environment variable",
            f"The revision reads the environment variable {variable}. Set it to the value with "
            "which the migrations run.",
        )
    yield from _other_server(message)
    hint = schema_hint(message)
    if hint:
        yield Remedy("create the schema first", hint)
    yield from _create_extension(message)
    if _IN_TRANSACTION.search(message):
        yield _AUTOCOMMIT
    missing = _MISSING_NAME.search(message)
    if missing is not None:
        yield Remedy(
            "import the name",
            f"Import {missing[1]} in the revision. If migrate writes the name, add the import to "
            "the template script.py.mako too.",
        )
    if _WITHOUT_NAME.search(message):
        yield _NAME_CONSTRAINTS


def _other_server(message: str) -> Iterator[Remedy]:
    """Where to find an extension that the shadows' server does not have."""
    missing = _MISSING_EXTENSION.search(message)
    if missing is not None:
        yield Remedy(
            "use a server that has the extension",
            f"The shadow's server does not have {missing[1] or missing[2]}. --shadow same-server "
            "makes the shadow databases beside the live one, --shadow URL on another server.",
        )


def _create_extension(message: str) -> Iterator[Remedy]:
    """How to create an extension that was installed outside of the migrations."""
    missing = _MISSING_OBJECT.search(message)
    name = missing and (missing["type"] or missing["function"] or missing["operator_class"])
    extension = _EXTENSION_OF.get(name or "")
    if extension is not None:
        statement = f"CREATE EXTENSION {quote_identifier(extension)};"
        yield Remedy(
            "create the extension first",
            f"{name} belongs to the extension {extension}, which does not exist at this point. If "
            "it is installed outside of the migrations, write the statement into a file "
            'schema.sql, and have driftcheck run this file first: bootstrap = "schema.sql" in '
            "[tool.driftcheck], or --bootstrap schema.sql. Otherwise create it in the revision.",
            "sql",
            statement,
        )
