"""The options of foreign data objects, without secrets.

The server replaces values that may be secret by ``***`` before it returns them.
"""

from __future__ import annotations

from driftcheck.databases.kind import CannotBeWritten
from driftcheck.databases.postgresql.catalog.options import options_of
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import HIDDEN, SchemaObject

SECRET = "pass|secret|token|key|cred|auth"  # noqa: S105  (names, no secret)
"""A regular expression for the names of options whose values may be secret."""

_MASKED = "***"


def foreign_options_sql(options: str) -> str:
    """SQL: the options, with secret values replaced."""
    return f"""case when {options} is not null then array(
          select case when split_part(o, '=', 1) ~* '{SECRET}'
            then split_part(o, '=', 1) || '={_MASKED}' else o end from unnest({options}) o) end"""


def foreign_options(obj: SchemaObject, attribute: str = "options") -> str:
    """The OPTIONS clause of a CREATE statement, with a leading space; empty without options."""
    if obj.attributes[attribute] == HIDDEN:
        raise CannotBeWritten(f"Create {obj.address}: this user may not read its options.")
    pairs = options_of(obj.attributes[attribute])
    if _MASKED in pairs.values():
        raise CannotBeWritten(f"Create {obj.address}: driftcheck does not read its secret options.")
    clauses = [f"{quote_identifier(name)} {quote_literal(text)}" for name, text in pairs.items()]
    return f" OPTIONS ({', '.join(clauses)})" if clauses else ""


def change_foreign_options(
    current: SchemaObject, wanted: SchemaObject, attribute: str = "options"
) -> list[str]:
    """The OPTIONS clause of an ALTER statement; empty if the options are equal."""
    have = options_of(current.attributes[attribute])
    want = options_of(wanted.attributes[attribute])
    clauses = [f"DROP {quote_identifier(name)}" for name in have if name not in want]
    for name, text in want.items():
        if have.get(name) == text:
            continue
        if text == _MASKED:
            raise CannotBeWritten(
                f"Set {name} of {wanted.address}: driftcheck does not read secret options."
            )
        verb = "SET" if name in have else "ADD"
        clauses.append(f"{verb} {quote_identifier(name)} {quote_literal(text)}")
    return [f"OPTIONS ({', '.join(clauses)})"] if clauses else []
