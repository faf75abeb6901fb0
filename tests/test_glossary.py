"""The words that the glossary of docs/architecture.md says to avoid are not used."""

import ast
import re
from functools import cache
from pathlib import Path

import click
import pytest

import driftcheck
from driftcheck.cli.commands import cli
from driftcheck.judging import rules

PACKAGE = Path(driftcheck.__file__).parent
PAGE = PACKAGE.parent / "docs" / "architecture.md"
MODULES = sorted(PACKAGE.rglob("*.py"))
ROW = re.compile(r"^\| \*\*.*\| ([a-z ,]*)\|$", re.MULTILINE)


def avoided():
    glossary = PAGE.read_text(encoding="utf-8").partition("## Glossary")[2].partition("\n## ")[0]
    columns = (column for column in ROW.findall(glossary) if column.strip())
    return sorted({word.strip() for column in columns for word in column.split(",")})


def words_of(text):
    """The words of a text; those of an identifier are apart by underscores or by capitals."""
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z]+", text)}


@cache
def names():
    """The names that the code defines, each with its module."""
    found = {}
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            for name in _defined(node):
                found[name] = str(module.relative_to(PACKAGE))
    return found


def _defined(node):
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
            yield name
        case ast.Attribute(attr=name, ctx=ast.Store()):
            yield name


def texts():
    """The help of every command, and the texts of the rules."""
    context = click.Context(cli)
    for name in cli.list_commands(context):
        command = cli.get_command(context, name)
        yield command.get_help(click.Context(command, info_name=name))
    yield Path(rules.__file__).read_text(encoding="utf-8")


def test_the_glossary_has_words_to_avoid():
    assert {"dossier", "witness", "stage"} <= set(avoided())


@pytest.mark.parametrize("word", avoided())
def test_no_name_has_a_word_to_avoid(word):
    assert [(name, module) for name, module in names().items() if word in words_of(name)] == []


@pytest.mark.parametrize("word", avoided())
def test_no_text_has_a_word_to_avoid(word):
    assert [text for text in texts() if word in words_of(text)] == []
