"""Every command and every option says what it does, and is in the documentation."""

import shlex
from inspect import cleandoc
from pathlib import Path

import click
import command_page
import pytest

from driftcheck.cli.commands import cli

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = "".join(page.read_text(encoding="utf-8") for page in DOCS.glob("*.md"))
REFERENCE = command_page.commands()
CONTEXT = click.Context(cli)
COMMANDS = {name: cli.get_command(CONTEXT, name) for name in cli.list_commands(CONTEXT)}
OPTIONS = [
    (name, option)
    for name, command in COMMANDS.items()
    for option in command.params
    if isinstance(option, click.Option)
]


def test_no_summary_is_cut_off_at_80_columns():
    help_text = cli.get_help(click.Context(cli, info_name="driftcheck", terminal_width=80))
    assert all(command.help.partition("\n")[0] in help_text for command in COMMANDS.values())


@pytest.mark.parametrize("name", COMMANDS)
def test_no_word_is_broken_at_a_hyphen_at_80_columns(name):
    context = click.Context(COMMANDS[name], info_name=f"driftcheck {name}", terminal_width=80)
    lines = COMMANDS[name].get_help(context).splitlines()
    assert [line for line in lines if line.endswith("-")] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_no_line_of_help_is_wider_than_80_columns(name):
    context = click.Context(COMMANDS[name], info_name=f"driftcheck {name}", terminal_width=80)
    assert [x for x in COMMANDS[name].get_help(context).splitlines() if len(x) > 80] == []


@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_examples_that_can_be_typed(name):
    rest = cleandoc(COMMANDS[name].help).partition("\b\nExample")[2]
    lines = rest.partition("\n\n")[0].splitlines()[1:]
    examples = [shlex.split(line) for line in lines]
    assert [words for words in examples if words[:2] == ["driftcheck", name]]
    for program, command, *words in examples:
        if program == "driftcheck":  # another program may use what was written
            context = click.Context(COMMANDS[command], **COMMANDS[command].context_settings)
            COMMANDS[command].make_parser(context).parse_args(words)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command(name):
    assert "\\b" not in COMMANDS[name].help  # the character, not its escape, keeps lines apart
    assert len(COMMANDS[name].help.splitlines()) > 2
    assert f"driftcheck {name}" in WRITTEN
    assert f"## driftcheck {name}\n" in REFERENCE
    assert "\b" not in REFERENCE


@pytest.mark.parametrize(
    ("name", "option"), OPTIONS, ids=[f"{name} {option.opts[-1]}" for name, option in OPTIONS]
)
def test_an_option(name, option):
    assert option.help
    assert option.help.endswith((".", "]"))
    section = REFERENCE.partition(f"## driftcheck {name}\n")[2].partition("\n## ")[0]
    assert all(text in section for text in option.opts)
