"""The keys of ``[tool.driftcheck]``: a table for the site, and a JSON Schema for editors.

Names, defaults and meanings are those of ``driftcheck.config``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from inspect import getdoc
from typing import Any

import click

from driftcheck.chain import CHAIN
from driftcheck.cli.commands import cli
from driftcheck.config import settings
from driftcheck.config.baseline import Baseline
from driftcheck.config.guard_settings import VARIABLE, GuardSettings, Mode
from driftcheck.config.ignore_entry import IgnoreEntry
from driftcheck.config.settings import Settings

Schema = dict[str, Any]

_STRINGS: Schema = {
    "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
}
_IGNORE: Schema = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "rule": {"type": "string", "pattern": r"\S"},
            "address": {"type": "string", "pattern": r"\S"},
            "reason": {"type": "string", "pattern": r"\S"},
            "until": {
                "type": "string",
                "format": "date",
            },  # editors read a date of TOML as a string
        },
        "required": ["rule", "reason"],
        "additionalProperties": False,
    },
}
_GUARD: Schema = {
    "type": "object",
    "properties": {
        "mode": {"enum": [mode.value for mode in Mode]},
        "required": {"type": "boolean"},
    },
    "additionalProperties": False,
}
_WORD = rf"(none|hazards|{'|'.join(CHAIN)}|[a-z]+(-[a-z0-9]+)+)"


def _one_or_several(pattern: str) -> Schema:
    """Return the schema of words: a list, or a string in which commas separate them."""
    string = {"type": "string", "pattern": rf"^\s*({pattern}\s*(,\s*{pattern}\s*)*)?$"}
    return {"anyOf": [string, {"type": "array", "items": string}]}


_TYPES: dict[str, tuple[str, Schema]] = {
    "_string": ("string", {"type": "string"}),
    "_strings": ("string or list of strings", _STRINGS),
    "_flag": ("`true` or `false`", {"type": "boolean"}),
    "_seconds": ("number of seconds", {"type": "number", "minimum": 1, "maximum": 86400}),
    "_bootstrap": ("string", {"type": "string"}),
    "_path": ("path of a file", {"type": "string"}),
    "_baseline": ("path of a file", {"type": "string"}),
    "_gaps": ("list of gaps", _one_or_several(f"(none|{'|'.join(CHAIN)})")),
    "_fail_on": ("list of gaps and rules", _one_or_several(_WORD)),
    "_ignore": ("list of tables", _IGNORE),
    "_guard": ("table", _GUARD),
}
"""How a value is written, by the name of the function that reads it."""


def table() -> str:
    """Return the keys as a table for the site."""
    options = _options()
    rows = [
        _row(
            key,
            value=_TYPES[reader.__name__][0],
            default=_default(_field(Settings, key)),
            meaning=_meanings(Settings)[key],
            option=options.get(key, ""),
            variable=settings.ENVIRONMENT.get(key, ""),
        )
        for key, reader in settings.READERS.items()
    ]
    return "\n".join([*_HEAD, *rows])


def guard_table() -> str:
    """Return the keys of ``[tool.driftcheck.guard]`` as a table for the site."""
    values = {"mode": ", ".join(f"`{mode}`" for mode in Mode), "required": "`true` or `false`"}
    variables = {"mode": VARIABLE}
    rows = [
        _row(
            key,
            value=values[key],
            default=_default(_field(GuardSettings, key)),
            meaning=_meanings(GuardSettings)[key],
            variable=variables.get(key, ""),
        )
        for key in _GUARD["properties"]
    ]
    return "\n".join([*_HEAD, *rows])


_HEAD = ("| key | value | meaning |", "|---|---|---|")


def _row(  # noqa: PLR0913  (what is known of a key)
    key: str, *, value: str, default: str, meaning: str, option: str = "", variable: str = ""
) -> str:
    values = f"{value}<br>default: {default}" if default else value
    facts = [f"Option: {option}."] if option else []
    facts += [f"Variable: `{variable}`."] if variable else []
    told = "<br>".join(filter(None, (meaning, " ".join(facts))))
    return f"| `{name(key)}` | {values} | {told} |"


def json_schemas() -> dict[str, Schema]:
    """Return the JSON Schemas, by the names of their files.

    The first describes the table, as SchemaStore includes it in its schema of ``pyproject.toml``.
    The second describes the file that has the table: taplo has no schemas of single tables.
    """
    draft = {"$schema": "http://json-schema.org/draft-07/schema#"}
    tool = {"type": "object", "properties": {"driftcheck": _table_schema()}}
    return {
        "config.schema.json": draft | _table_schema(),
        "pyproject.schema.json": draft | {"type": "object", "properties": {"tool": tool}},
    }


def _table_schema() -> Schema:
    return {
        "title": "driftcheck",
        "description": "The table [tool.driftcheck] of pyproject.toml.",
        "type": "object",
        "properties": {
            name(key): {"description": _plain(_meanings(Settings)[key])}
            | _described(_TYPES[reader.__name__][1], key)
            for key, reader in settings.READERS.items()
        },
        "additionalProperties": False,
    }


def name(key: str) -> str:
    """Return the name of a setting in TOML."""
    return key.replace("_", "-")


def _described(schema: Schema, key: str) -> Schema:
    """Return a schema in which the keys of an inner table have their meanings too."""
    inner = {"ignore": IgnoreEntry, "guard": GuardSettings}.get(key)
    if inner is None:
        return schema
    meanings = _meanings(inner)
    where = schema.get("items", schema)
    described = where | {
        "properties": {
            word: {"description": _plain(meanings[word])} | value
            for word, value in where["properties"].items()
        }
    }
    return schema | {"items": described} if "items" in schema else described


def _meanings(kind: type) -> Mapping[str, str]:
    """Return what the docstring of a class says of each attribute."""
    text = (getdoc(kind) or "").partition("Attributes:\n")[2]
    found = re.findall(r"^ {4}(\w+): (.*(?:\n {8}.*)*)", text, re.MULTILINE)
    return {key: " ".join(meaning.split()).replace("``", "`") for key, meaning in found}


def _plain(text: str) -> str:
    return text.replace("`", "")


def _field(kind: Any, key: str) -> Field[Any]:
    return next(field for field in fields(kind) if field.name == key)


def _default(field: Field[Any]) -> str:
    """Return a default as TOML; empty if there is none, or if it is a table of its own."""
    value = field.default if field.default is not MISSING else _made(field)
    if isinstance(value, Baseline):
        value = str(value.path)
    elif isinstance(value, frozenset):
        value = sorted(value)
    elif isinstance(value, float):
        value = int(value) if value.is_integer() else value
    is_shown = isinstance(value, (bool, int, float, str, list, tuple)) and value not in ("", ())
    return f"`{json.dumps(value)}`" if is_shown else ""


def _made(field: Field[Any]) -> Any:
    return None if field.default_factory is MISSING else field.default_factory()


def _options() -> dict[str, str]:
    """Return the option of each setting, by the name of the setting."""
    context = click.Context(cli)
    commands = [cli.get_command(context, name) for name in cli.list_commands(context)]
    found: dict[str, str] = {}
    for command in filter(None, commands):
        for parameter in command.params:
            if isinstance(parameter, click.Option) and parameter.name in settings.READERS:
                names = [*parameter.opts, *parameter.secondary_opts]
                found.setdefault(parameter.name, " ".join(f"`{option}`" for option in names))
    return found
