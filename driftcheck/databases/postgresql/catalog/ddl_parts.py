"""Parts of the DDL that several kinds share: names, comments, and the attributes that change."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from driftcheck.databases.dependencies import names_in
from driftcheck.quoting import quote_identifier, quote_literal
from driftcheck.schema import Address, SchemaObject, Value


def table_of(obj: SchemaObject) -> str:
    """The table of a part, as SQL."""
    return Address("", obj.address.schema, obj.address.path[:-1]).sql


def name_of(obj: SchemaObject) -> str:
    """The name of an object without its schema or table, as SQL."""
    return quote_identifier(obj.address.name)


def differing(current: SchemaObject, wanted: SchemaObject) -> set[str]:
    """The names of the attributes in which two objects differ."""
    return {
        name for name, value in wanted.attributes.items() if current.attributes.get(name) != value
    }


def followed(obj: SchemaObject, former: Address, *signature: str) -> SchemaObject | None:
    """A view or a routine after something that it needs was renamed; see ``Kind.followed``.

    The definition is another one then. How the server prints it is not known.

    Args:
        obj: The object before.
        former: What was renamed.
        signature: The attributes with the types that the server cannot replace.
    """
    types = tuple(obj.attributes[name] for name in signature)
    is_part = len(former.path) > 1  # which is no type
    if not is_part and former.name in names_in(types):
        return None
    renamed = {"definition": f"{obj.attributes['definition']} "}
    return replace(obj, attributes={**obj.attributes, **renamed})


_NAME_OR_TEXT = re.compile(
    r"""E?'(?:[^']|'')*'|(?<![.\w$])(?:"((?:[^"]|"")+)"|([^\W\d][\w$]*))(?![\w$(])"""
)
"""A string literal, or a name that is neither qualified nor called as a function."""


def with_renamed_columns(expressions: str, names: Mapping[str, str]) -> str:
    """Expressions of one table, as the server prints them after columns were renamed.

    Args:
        expressions: SQL as the server prints it, such as a partition key.
        names: The new name of each column, by its former name.
    """

    def renamed(found: re.Match[str]) -> str:
        name = found[2] or (found[1] or "").replace('""', '"')
        return quote_identifier(names[name]) if name in names else found[0]

    return _NAME_OR_TEXT.sub(renamed, expressions)


def comment(designation: str, text: Value) -> str:
    """The statement that sets or removes the comment of an object."""
    return f"COMMENT ON {designation} IS {'NULL' if text is None else quote_literal(str(text))}"


def comments_on_parts(
    part: Callable[[str], str], current: Mapping[str, Value], wanted: SchemaObject, attribute: str
) -> list[str]:
    """Statements for the comments on parts that are attributes of their parent object.

    Args:
        part: Returns the part as COMMENT ON names it, for its quoted name.
        current: The current attributes of the parent object.
        wanted: The wanted parent object.
        attribute: The attribute that contains the comments, as pairs of name and comment.
    """
    have, want = pairs(current.get(attribute)), pairs(wanted.attributes[attribute])
    return [
        comment(part(quote_identifier(name)), want.get(name))
        for name in {**have, **want}
        if have.get(name) != want.get(name)
    ]


def pairs(value: Value) -> dict[str, str]:
    """An attribute that consists of pairs, as a dictionary."""
    return dict(cast("tuple[tuple[str, str], ...]", value or ()))
