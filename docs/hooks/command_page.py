"""The reference of the commands, from the help of the command line."""

from __future__ import annotations

import re
from inspect import cleandoc
from textwrap import dedent

import click

from driftcheck.cli.commands import cli

_WIDTH = 100


def commands() -> str:
    """Return a section for each command: how it is called, what it does, its options."""
    group = click.Context(cli, info_name="driftcheck", **cli.context_settings)
    commands = {name: cli.get_command(group, name) for name in cli.list_commands(group)}
    return "\n\n".join(_section(name, found, group) for name, found in commands.items() if found)


def _section(name: str, command: click.Command, group: click.Context) -> str:
    context = click.Context(command, info_name=name, parent=group)
    usage = " ".join(command.get_usage(context).split()).removeprefix("Usage: ")
    parts = [f"## driftcheck {name}", f"```text\n{usage}\n```", _prose(command.help or "")]
    records = [
        record
        for parameter in command.get_params(context)
        if isinstance(parameter, click.Option) and (record := parameter.get_help_record(context))
    ]
    rows = [f"| {_code(option)} | {_cell(text)} |" for option, text in records]
    return "\n\n".join([*parts, "\n".join(["| option | what it does |", "|---|---|", *rows])])


def _prose(text: str) -> str:
    r"""Return the help of a command as markdown. Click keeps the lines after ``\b`` apart."""
    return "\n\n".join(
        _example(block) if block.startswith("\b") else _escaped(" ".join(block.split()))
        for block in cleandoc(text).split("\n\n")
    )


def _example(block: str) -> str:
    lines = block.removeprefix("\b").strip("\n").splitlines()
    title = lines.pop(0) if lines[0].startswith("Example") else "For example:"
    return f"{title}\n\n```sh\n{dedent(chr(10).join(lines))}\n```"


def _code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"


def _cell(text: str) -> str:
    return _escaped(text).replace("|", r"\|")


def _escaped(text: str) -> str:
    return re.sub(r"([*_<>\[\]`])", r"\\\1", text)
