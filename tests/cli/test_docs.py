"""Every command and every option says what it does, and stands in the README."""

from pathlib import Path

import click
import pytest

from driftcheck.cli.commands import cli

README = (Path(__file__).parent.parent.parent / "README.md").read_text(encoding="utf-8")
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
def test_a_command(name):
    assert "\\b" not in COMMANDS[name].help  # the character, not its escape, keeps lines apart
    assert len(COMMANDS[name].help.splitlines()) > 2
    assert f"driftcheck {name}" in README


@pytest.mark.parametrize(
    ("name", "option"), OPTIONS, ids=[f"{name} {option.opts[-1]}" for name, option in OPTIONS]
)
def test_an_option(name, option):
    assert option.help
    assert option.help.endswith((".", "]"))
    assert all(f"{text}" in README for text in option.opts)
