"""Privileges: read as (grantee, privilege, option), written as GRANT and REVOKE.

https://www.postgresql.org/docs/current/ddl-priv.html
"""

from __future__ import annotations

from typing import cast

from driftcheck.quoting import quote_identifier
from driftcheck.schema import Value

Grant = tuple[str, str, str]
"""The grantee, the privilege, and ``WITH GRANT OPTION``, an empty string, or ``REVOKED`` for a
privilege that was revoked from the owner."""

REVOKED = "REVOKED"

_TABLE_PRIVILEGES = frozenset(
    ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
)


def grants_sql(acl: str, owner: str, acl_type: str) -> str:
    """SQL: the grants of an ``aclitem[]``.

    The owner's default privileges are omitted. Privileges revoked from the owner are included.
    """
    default = f"acldefault('{acl_type}', {owner})" if acl_type else "null"
    return grants_beyond(acl, default, owner or "null")


def grants_beyond(acl: str, default: str, owner: str) -> str:
    """SQL: the grants of an ``aclitem[]``, without the owner's default privileges.

    Args:
        acl: SQL: the privileges.
        default: SQL: the privileges that count if ``acl`` is null.
        owner: SQL: the OID of the owner; null if nobody has implicit privileges.
    """
    return f"""array(
        select array[
          coalesce(pg_get_userbyid(nullif(g.grantee, 0)), 'PUBLIC')::text, g.privilege_type, g.how]
        from (
          select grantee, privilege_type,
            case when is_grantable then 'WITH GRANT OPTION' else '' end as how
          from aclexplode(coalesce({acl}, {default})) where grantee is distinct from {owner}
          union all (
            select grantee, privilege_type, '{REVOKED}' from aclexplode({default})
            where {acl} is not null and grantee = {owner}
            except
            select grantee, privilege_type, '{REVOKED}' from aclexplode({acl}))
        ) g order by 1)"""


def normalized_grants(grants: Value) -> Value:
    """The grants in a form that is equal in all major versions.

    From PostgreSQL 17 on, ``GRANT ALL`` on a table includes MAINTAIN. So MAINTAIN is omitted if the
    grantee has all other privileges.
    """
    pairs = cast("tuple[Grant, ...]", grants)
    held: dict[str, set[str]] = {}
    for grantee, privilege, _ in pairs:
        held.setdefault(grantee, set()).add(privilege)
    return tuple(
        grant
        for grant in pairs
        if grant[1] != "MAINTAIN" or not held[grant[0]] >= _TABLE_PRIVILEGES
    )


def grants_without_owner(owner: Value, grants: Value) -> tuple[Grant, ...]:
    """The grants after a change of the owner, whose own privileges are implicit."""
    pairs = cast("tuple[Grant, ...]", grants or ())
    return tuple(
        (str(owner), privilege, how) if how == REVOKED and owner else (grantee, privilege, how)
        for grantee, privilege, how in pairs
        if grantee != owner or how == REVOKED
    )


def change_grants(current: Value, wanted: Value, target: str, columns: str = "") -> list[str]:
    """Statements that change the grants on a target to the wanted ones.

    Args:
        current: The current grants.
        wanted: The wanted grants.
        target: The object as GRANT names it: ``TABLE public.students``.
        columns: The name of the column in parentheses, for privileges on a column.
    """
    have = set(cast("tuple[Grant, ...]", current or ()))
    want = set(cast("tuple[Grant, ...]", wanted or ()))
    gone, new = sorted(have - want), sorted(want - have)
    revoked = [g for g in gone if g[2] != REVOKED] + [g for g in new if g[2] == REVOKED]
    granted = [g for g in new if g[2] != REVOKED] + [(*g[:2], "") for g in gone if g[2] == REVOKED]
    return [
        *(
            f"REVOKE {privilege}{columns} ON {target} FROM {role(grantee)}"
            for grantee, privilege, _ in revoked
        ),
        *(
            f"GRANT {privilege}{columns} ON {target} TO {role(grantee)} {option}".rstrip()
            for grantee, privilege, option in granted
        ),
    ]


def role(grantee: str) -> str:
    """A role's name as GRANT writes it."""
    return grantee if grantee == "PUBLIC" else quote_identifier(grantee)
