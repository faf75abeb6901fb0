"""Keeps copies of shadow databases on a private server for later runs: its templates.

A template is complete if it has the name of a template: a copy gets this name last. Nobody can
connect to it. The roles that own its objects have other names between the runs, because a role that
exists changes what a history does.
"""

from __future__ import annotations

import hashlib
import time
from typing import Any

from psycopg2 import errors

from driftcheck.quoting import quote_identifier, quote_literal

TEMPLATE_PREFIX = "driftcheck_template_"
HIDDEN_ROLE_PREFIX = "driftcheck_role_"
_DIGITS = 40
"""The number of digits of a hash in a name; the name may have 63 characters."""
_MOST_TEMPLATES = 6
_MOST_BYTES = 1 << 30

# A comment has the time of the last use, in its first line, and the description.
_USED = "coalesce(split_part(shobj_description(d.oid, 'pg_database'), E'\\n', 1), '')"
# A template whose roles have other names now would restore objects of these roles, so it is not
# listed.
_TEMPLATES = f"""
SELECT d.datname, coalesce(shobj_description(d.oid, 'pg_database'), '')
FROM pg_database d
WHERE starts_with(d.datname::text, '{TEMPLATE_PREFIX}') AND NOT EXISTS (
  SELECT FROM pg_shdepend s JOIN pg_roles r ON r.oid = s.refobjid
  WHERE s.dbid = d.oid AND s.refclassid = 'pg_authid'::regclass
    AND starts_with(r.rolname::text, '{HIDDEN_ROLE_PREFIX}'))
ORDER BY {_USED} DESC
"""
_SIZES = f"""
SELECT d.datname, pg_database_size(d.oid) FROM pg_database d
WHERE starts_with(d.datname::text, '{TEMPLATE_PREFIX}') ORDER BY {_USED} DESC
"""
_IS_NEEDED_BY_TEMPLATES_ALONE = f"""
SELECT bool_and(coalesce(starts_with(d.datname::text, '{TEMPLATE_PREFIX}'), false))
FROM pg_shdepend s
JOIN pg_roles r ON r.oid = s.refobjid AND s.refclassid = 'pg_authid'::regclass
LEFT JOIN pg_database d ON d.oid = s.dbid
WHERE r.rolname = %s
"""
# pg_shdepend has the roles of every object, and pg_database numbers that VACUUM changes.
_SHARED_CATALOGS = """
SELECT oid::regclass::text FROM pg_class
WHERE relisshared AND relkind = 'r' AND relname <> 'pg_shdepend' ORDER BY 1
"""
_ROWS = """
SELECT md5(coalesce(string_agg(r, E'\\n' ORDER BY r), '')) FROM (
  SELECT (to_jsonb(t) - '{{datfrozenxid,datminmxid}}'::text[])::text AS r FROM {catalog} t) rows
"""
_SETTINGS_AND_SLOTS = """
SELECT coalesce((SELECT string_agg(f::text, E'\\n' ORDER BY seqno) FROM pg_file_settings f), ''),
       (SELECT count(*) FROM pg_replication_slots)
"""


def listed(cursor: Any) -> list[tuple[str, str]]:
    """Return the key and the description of each template that can be copied.

    Those that were used last come first.
    """
    cursor.execute(_TEMPLATES)
    return [
        (name.removeprefix(TEMPLATE_PREFIX), comment.partition("\n")[2])
        for name, comment in cursor.fetchall()
    ]


def database_name(key: str) -> str:
    """Return the name of the database of a template."""
    return f"{TEMPLATE_PREFIX}{key}"


def complete(cursor: Any, copy: str, key: str, description: str) -> None:
    """Make a copy of a shadow a template, and drop others if there are too many.

    Args:
        cursor: A cursor of the server, in autocommit mode.
        copy: The name of the copy. It is the name of a shadow, so that it is dropped after a kill.
        key: The key of the template. An older template of this key is replaced.
        description: The text that ``listed`` returns.
    """
    name, copied = quote_identifier(database_name(key)), quote_identifier(copy)
    cursor.execute(f"ALTER DATABASE {copied} ALLOW_CONNECTIONS false")
    describe(cursor, copy, description)
    cursor.execute(f"DROP DATABASE IF EXISTS {name}")
    cursor.execute(f"ALTER DATABASE {copied} RENAME TO {name}")
    total = 0
    cursor.execute(_SIZES)
    for number, (kept, size) in enumerate(cursor.fetchall()):
        total += size
        if number >= _MOST_TEMPLATES or total > _MOST_BYTES:
            cursor.execute(f"DROP DATABASE {quote_identifier(kept)}")


def describe(cursor: Any, name: str, description: str) -> None:
    """Write the description of a template, which counts as used now.

    Args:
        cursor: A cursor of the server, in autocommit mode.
        name: The name of the database.
        description: The text that ``listed`` returns.
    """
    comment = quote_literal(f"{time.time():.3f}\n{description}")
    cursor.execute(f"COMMENT ON DATABASE {quote_identifier(name)} IS {comment}")


def shared_state(cursor: Any) -> str:
    """Return a text that changes with everything of the server that is in no single database.

    These are the roles, databases, tablespaces, subscriptions and replication slots, the settings
    of roles and databases, and ``ALTER SYSTEM``.
    """
    cursor.execute(_SHARED_CATALOGS)
    state = []
    for (catalog,) in cursor.fetchall():
        cursor.execute(_ROWS.format(catalog=catalog))
        state.append(cursor.fetchone())
    cursor.execute(_SETTINGS_AND_SLOTS)
    return repr((state, cursor.fetchone()))


def hide_role(cursor: Any, role: str) -> bool:
    """Give a role another name if only templates need it, and return whether they do."""
    cursor.execute(_IS_NEEDED_BY_TEMPLATES_ALONE, (role,))
    (is_free,) = cursor.fetchone()
    if not is_free:
        return False
    hidden = role if role.startswith(HIDDEN_ROLE_PREFIX) else _hidden_name(role)
    if hidden != role:
        cursor.execute(f"ALTER ROLE {quote_identifier(role)} NOSUPERUSER NOLOGIN")
        cursor.execute(f"ALTER ROLE {quote_identifier(role)} RENAME TO {hidden}")
    return True


def make_role(cursor: Any, role: str) -> None:
    """Create a role, or give a hidden role its name again."""
    name = quote_identifier(role)
    try:
        cursor.execute(f"ALTER ROLE {_hidden_name(role)} RENAME TO {name}")
    except errors.UndefinedObject:
        cursor.execute(f"CREATE ROLE {name}")


def _hidden_name(role: str) -> str:
    return f"{HIDDEN_ROLE_PREFIX}{hashlib.sha256(role.encode()).hexdigest()[:_DIGITS]}"
