"""Writes the files of docs/ that are generated and committed: run this file, then look at the diff.

``terminal.svg`` is a picture of ``driftcheck compare`` in a terminal, from the demo, which is run
for it. The others are the JSON Schemas of ``[tool.driftcheck]``.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parent))

import configuration

from driftcheck.demo import steps
from driftcheck.demo.developer import Developer
from driftcheck.demo.environment import demo_environment
from driftcheck.demo.excerpts import report_excerpt

DOCS = Path(__file__).parent.parent
WIDTH = 92
_LAST_LINE = "already exists"
"""How the last line of the picture ends. The whole report is longer than a screen."""
_ADDRESS = re.compile(r"^.*postgresql://.*\n(?:\S+\n)?", re.MULTILINE)
"""The address of the demo's database: a socket in a temporary directory."""
_FONTS = re.compile(r"<!--.*?-->|@font-face \{.*?\}\s*", re.DOTALL)
"""The fonts that rich's template loads from another server."""


class _Silent:
    """A presenter that shows nothing."""

    def step(self, title: str) -> None:
        """Show nothing."""

    def explain(self, text: str) -> None:
        """Show nothing."""

    def command(self, prompt: str, command: str) -> None:
        """Show nothing."""

    def output(self, text: str) -> None:
        """Show nothing."""


def main() -> None:
    """Write the files."""
    for name, schema in configuration.json_schemas().items():
        (DOCS / name).write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
    (DOCS / "terminal.svg").write_text(picture(), encoding="utf-8")


def picture() -> str:
    """Return ``driftcheck compare`` of the demo as SVG, in the colours of a terminal."""
    silent = _Silent()
    with demo_environment(silent) as (you, colleague):
        steps._create_table(silent, you)  # noqa: SLF001
        steps._drop_column(silent, you, _with_the_table(colleague, you))  # noqa: SLF001
        steps._change_the_model(silent, you)  # noqa: SLF001
        report = _ADDRESS.sub("", report_excerpt(_in_a_terminal("compare", you)))
    shown = report[: report.index(_LAST_LINE) + len(_LAST_LINE)]
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    console.print(Text("$ ", style="dim") + Text("driftcheck compare", style="bold"))
    console.print(Text.from_ansi(shown), soft_wrap=False)
    svg = console.export_svg(title="driftcheck compare", unique_id="driftcheck")
    return _FONTS.sub("", svg).replace("Fira Code", "ui-monospace")


def _with_the_table(colleague: Developer, you: Developer) -> Developer:
    steps._colleague_upgrades(_Silent(), you, colleague)  # noqa: SLF001
    return colleague


def _in_a_terminal(command: str, you: Developer) -> str:
    """Return what a command of driftcheck writes to a terminal."""
    leader, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 60, WIDTH, 0, 0))
    environment = you._environment() | {"TERM": "xterm-256color"}  # noqa: SLF001
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "driftcheck", command],
        cwd=you.checkout,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.DEVNULL,
    ):
        os.close(terminal)
        written = b""
        while part := _read(leader):
            written += part
    os.close(leader)
    return written.decode().replace("\r\n", "\n")


def _read(leader: int) -> bytes:
    """Read from a terminal. On Linux, an error is its end."""
    try:
        return os.read(leader, 65536)
    except OSError:
        return b""


if __name__ == "__main__":
    main()
