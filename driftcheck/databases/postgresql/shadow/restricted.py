"""Gives a shadow database to a role without privileges, for untrusted SQL.

SQL that comes from the live database, the cache or a snapshot file may call functions of other
users: in a materialized view, the expression of an index, a default. Such SQL runs in a session
that logs in as a role for this database only. ``SET ROLE`` in a session of a superuser would not be
safe, because any function can run ``RESET ROLE``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import URL

from driftcheck.databases.postgresql.shadow.extensions import why_unsafe
from driftcheck.quoting import quote_identifier

ROLE_PREFIX = "driftcheck_restricted_"
STATEMENT_TIMEOUT_SECONDS = 60
_HAS_LOGIN_TRIGGERS = 17
_FIRST_OF_USERS = 16384
"""The first OID of objects that users create. Source: PostgreSQL source, access/transam.h."""

# LOGIN, because env.py, autogenerate and migrations open their own connections to the shadow. They
# must not have more privileges than the untrusted SQL.
_ATTRIBUTES = "LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"

_MEMBER = """EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{catalog}'::regclass
    AND e.objid = x.oid AND e.deptype = 'e')"""
_USERS_OWN = f"x.oid >= {_FIRST_OF_USERS} AND NOT {_MEMBER}"

# Functions that only a superuser can create, and SECURITY DEFINER functions of extensions. Triggers
# that call them are dropped: a trigger needs no privilege on its function, and the owner of a table
# can enable a disabled trigger. An aggregate is in the language internal, but calls only what its
# owner may call.
_UNSAFE_FUNCTIONS = f"""
SELECT x.oid FROM pg_proc x JOIN pg_language l ON l.oid = x.prolang
LEFT JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = x.oid AND d.deptype = 'e'
LEFT JOIN pg_extension e ON e.oid = d.refobjid
WHERE x.oid >= {_FIRST_OF_USERS}
  AND (e.extname = ANY (%(unsafe)s) OR x.prosecdef AND e.oid IS NOT NULL
    OR e.oid IS NULL AND NOT l.lanpltrusted AND x.prokind <> 'a')
"""
# Functions of the server that a migration has granted to PUBLIC.
_OPENED_FUNCTIONS = f"""
SELECT x.oid FROM pg_proc x
JOIN pg_init_privs i ON i.classoid = 'pg_proc'::regclass AND i.objoid = x.oid AND i.objsubid = 0
WHERE x.oid < {_FIRST_OF_USERS}
  AND EXISTS (SELECT FROM aclexplode(x.proacl) a WHERE a.grantee = 0)
  AND NOT EXISTS (SELECT FROM aclexplode(i.initprivs) a WHERE a.grantee = 0)
"""
_REVOKE = f"""
SELECT format('REVOKE ALL ON ROUTINE %%s FROM PUBLIC', f.oid::regprocedure)
FROM ({_UNSAFE_FUNCTIONS} UNION {_OPENED_FUNCTIONS}) f (oid)
UNION ALL
SELECT format('DROP TRIGGER %%I ON %%s', t.tgname, t.tgrelid::regclass)
FROM pg_trigger t
WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgfoid IN ({_UNSAFE_FUNCTIONS})
UNION ALL
SELECT format('ALTER FOREIGN DATA WRAPPER %%I NO HANDLER', x.fdwname)
FROM pg_foreign_data_wrapper x
WHERE x.fdwhandler <> 0 AND {_MEMBER.format(catalog="pg_foreign_data_wrapper")}
UNION ALL
SELECT format('REVOKE ALL ON FOREIGN DATA WRAPPER %%I FROM PUBLIC', w.fdwname)
FROM pg_foreign_data_wrapper w
UNION ALL
SELECT format('REVOKE ALL ON FOREIGN SERVER %%I FROM PUBLIC', s.srvname) FROM pg_foreign_server s
UNION ALL
SELECT format('DROP USER MAPPING FOR %%s SERVER %%I',
  CASE u.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(u.umuser)) END, u.srvname)
FROM pg_user_mappings u
UNION ALL
SELECT format('REVOKE ALL ON TABLE %%s FROM PUBLIC', x.oid::regclass)
FROM pg_class x WHERE x.relkind = 'f'
"""
# With the state in which an event trigger is left. Those that call unsafe functions stay disabled.
_EVENT_TRIGGERS = f"""
SELECT format('ALTER EVENT TRIGGER %%I', t.evtname),
  CASE WHEN t.evtfoid IN ({_UNSAFE_FUNCTIONS}) THEN 'D' ELSE t.evtenabled::text END
FROM pg_event_trigger t WHERE t.evtenabled <> 'D'
"""
_ENABLE = {"O": "ENABLE", "R": "ENABLE REPLICA", "A": "ENABLE ALWAYS"}

# Without the handler of its wrapper, the server refuses every use of a foreign table, so its owner
# reaches nothing with it. The wrapper of an extension has lost its handler then. Others keep it: it
# is a property that is compared.
_INERT = """EXISTS (SELECT FROM pg_foreign_server s
    JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE s.oid = {server} AND w.fdwhandler = 0)"""
_SERVER_OF_TABLE = "(SELECT f.ftserver FROM pg_foreign_table f WHERE f.ftrelid = x.oid)"

_RELATIONS = """CASE x.relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
    WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END"""
_OWNED_SEQUENCE = """x.relkind = 'S' AND EXISTS (SELECT FROM pg_depend s
    WHERE s.classid = 'pg_class'::regclass AND s.objid = x.oid AND s.refobjsubid > 0
      AND s.deptype IN ('a', 'i'))"""

# For each catalog: arguments of format() that yield the kind and name of an object for ALTER, and a
# condition for the objects that have their own owner.
_OWNED: tuple[tuple[str, str, str], ...] = (
    ("pg_namespace", "'SCHEMA %I', x.nspname", ""),
    (
        "pg_class",
        f"'%s %s', {_RELATIONS}, x.oid::regclass",
        f"x.relkind IN ('r', 'p', 'v', 'm', 'S') AND NOT ({_OWNED_SEQUENCE})",
    ),
    (
        "pg_class",
        "'FOREIGN TABLE %s', x.oid::regclass",
        f"x.relkind = 'f' AND {_INERT.format(server=_SERVER_OF_TABLE)}",
    ),
    ("pg_foreign_server", "'SERVER %I', x.srvname", _INERT.format(server="x.oid")),
    (
        "pg_type",
        "'%s %s', CASE x.typtype WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, x.oid::regtype",
        """x.typtype IN ('b', 'c', 'd', 'e', 'r')
        AND NOT EXISTS (SELECT FROM pg_type a WHERE a.typarray = x.oid)
        AND NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = x.typrelid AND c.relkind <> 'c')""",
    ),
    (
        "pg_proc",
        "'ROUTINE %s', x.oid::regprocedure",
        f"x.oid NOT IN ({_UNSAFE_FUNCTIONS})",
    ),
    ("pg_operator", "'OPERATOR %s', x.oid::regoperator", ""),
    (
        "pg_opclass",
        """'OPERATOR CLASS %s.%I USING %I', x.opcnamespace::regnamespace, x.opcname,
        (SELECT m.amname FROM pg_am m WHERE m.oid = x.opcmethod)""",
        "",
    ),
    (
        "pg_opfamily",
        """'OPERATOR FAMILY %s.%I USING %I', x.opfnamespace::regnamespace, x.opfname,
        (SELECT m.amname FROM pg_am m WHERE m.oid = x.opfmethod)""",
        "",
    ),
    ("pg_collation", "'COLLATION %s.%I', x.collnamespace::regnamespace, x.collname", ""),
    ("pg_conversion", "'CONVERSION %s.%I', x.connamespace::regnamespace, x.conname", ""),
    ("pg_statistic_ext", "'STATISTICS %s.%I', x.stxnamespace::regnamespace, x.stxname", ""),
    (
        "pg_ts_dict",
        "'TEXT SEARCH DICTIONARY %s.%I', x.dictnamespace::regnamespace, x.dictname",
        "",
    ),
    (
        "pg_ts_config",
        "'TEXT SEARCH CONFIGURATION %s.%I', x.cfgnamespace::regnamespace, x.cfgname",
        "",
    ),
    ("pg_largeobject_metadata", "'LARGE OBJECT %s', x.oid", ""),
    # A publication for all tables must be owned by a superuser.
    ("pg_publication", "'PUBLICATION %I', x.pubname", "NOT x.puballtables"),
)
_USE_WRAPPERS = """
SELECT format('GRANT USAGE ON FOREIGN DATA WRAPPER %%I TO %%I', fdwname, %(role)s::text)
FROM pg_foreign_data_wrapper WHERE fdwhandler = 0
"""
# The migrations have created these tablespaces: the server is a private one.
_USE_TABLESPACES = f"""
SELECT format('GRANT CREATE ON TABLESPACE %%I TO %%I', spcname, %(role)s::text)
FROM pg_tablespace WHERE oid >= {_FIRST_OF_USERS}
"""
# The constructors of a new range type belong to the first superuser of the server, whose default
# privileges may leave them to nobody else.
_USE_CONSTRUCTORS = """
SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %%s GRANT EXECUTE ON FUNCTIONS TO %%I',
  defaclrole::regrole, %(role)s::text)
FROM pg_default_acl
WHERE defaclrole = 10 AND defaclnamespace = 0 AND defaclobjtype = 'f'
"""
_PUBLIC_SCHEMA = """
SELECT format('ALTER SCHEMA public OWNER TO %%I', %(role)s::text)
FROM pg_namespace WHERE nspname = 'public' AND nspowner <> 'pg_database_owner'::regrole
"""


def _give(catalog: str, named: str, own: str) -> str:
    """Return a query for the statements that give the objects of a catalog to the role."""
    named = named.replace("%", "%%")
    which = " AND ".join(filter(None, (_USERS_OWN.format(catalog=catalog), own)))
    statement = f"format('ALTER %%s OWNER TO %%I', format({named}), %(role)s::text)"
    return f"SELECT {statement} FROM {catalog} x WHERE {which}"


_GIVE = " UNION ALL ".join(
    [
        *(_give(*entry) for entry in _OWNED),
        _USE_WRAPPERS,
        _USE_TABLESPACES,
        _USE_CONSTRUCTORS,
        _PUBLIC_SCHEMA,
    ]
)


def make_role(cursor: Any, role: str) -> None:
    """Create a role without privileges.

    Args:
        cursor: A cursor in a session of a superuser.
        role: The name of the role.
    """
    name = quote_identifier(role)
    cursor.execute(f"CREATE ROLE {name} {_ATTRIBUTES}")
    cursor.execute(f"ALTER ROLE {name} SET statement_timeout = '{STATEMENT_TIMEOUT_SECONDS}s'")


def drop_role(cursor: Any, role: str) -> None:
    """Drop a role, if it exists, with its rights on tablespaces, which outlive its database.

    Args:
        cursor: A cursor in a session of a superuser, after the database of the role was dropped.
        role: The name of the role.
    """
    cursor.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
    if cursor.fetchall():
        name = quote_identifier(role)
        cursor.execute(f"DROP OWNED BY {name}; DROP ROLE {name}")


def hand_over(cursor: Any, role: str) -> None:
    """Give all objects of a database to a role, and revoke privileges that reach further.

    Afterwards, every function, view and trigger that the role can run has only the privileges of
    the role. Members of safe extensions are not changed.

    Args:
        cursor: A cursor in a session of a superuser in the database.
        role: The role. It owns the database already.
    """
    cursor.execute("SELECT extname FROM pg_extension")
    unsafe = [name for (name,) in cursor.fetchall() if why_unsafe(name)]
    with _without_event_triggers(cursor, unsafe):
        for query in (_REVOKE, _GIVE):
            cursor.execute(query, {"role": role, "unsafe": unsafe})
            for statement in [text for (text,) in cursor.fetchall()]:
                cursor.execute(statement)


@contextmanager
def _without_event_triggers(cursor: Any, unsafe: Sequence[str]) -> Iterator[None]:
    """Disable the event triggers of a database for a while.

    In a copy of a restricted shadow, their functions can be untrusted, and would run with the
    rights of the session. Statements about event triggers fire none.
    """
    cursor.execute(_EVENT_TRIGGERS, {"unsafe": unsafe})
    found = cursor.fetchall()
    for alter, _ in found:
        cursor.execute(f"{alter} DISABLE")
    yield
    for alter, state in found:
        if state in _ENABLE:
            cursor.execute(f"{alter} {_ENABLE[state]}")


def url_for_superuser(url: URL, major: int) -> URL:
    """Return the URL for a session of a superuser in a database in which untrusted SQL has run.

    A login event trigger, which PostgreSQL 17 has introduced, fires before any statement can
    disable it.

    Args:
        url: The URL of the database.
        major: The major version of the server.
    """
    if major < _HAS_LOGIN_TRIGGERS:
        return url
    options = f"{url.query.get('options', '')} -c event_triggers=off".strip()
    return url.update_query_dict({"options": options})


def install(cursor: Any, extensions: Iterable[tuple[str, str]], role: str) -> None:
    """Install the extensions that the server has and that are safe.

    Args:
        cursor: A cursor in a session of a superuser, in a database in which no untrusted SQL has
            run.
        extensions: Pairs of extension and schema. A schema that does not exist is created.
        role: The owner of schemas that are created.
    """
    cursor.execute("SELECT name FROM pg_available_extensions")
    available = {name for (name,) in cursor.fetchall()}
    for name, schema in extensions:
        if name not in available or why_unsafe(name):
            continue
        quoted_schema = quote_identifier(schema)
        if not schema.startswith("pg_"):
            owner = quote_identifier(role)
            cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted_schema} AUTHORIZATION {owner}")
        extension = quote_identifier(name)
        cursor.execute(
            f"CREATE EXTENSION IF NOT EXISTS {extension} WITH SCHEMA {quoted_schema} CASCADE"
        )
