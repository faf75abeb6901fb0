"""Writes a report in each requested format to stdout or to a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, cast

import click
from click.shell_completion import CompletionItem

from driftcheck.cli.files import write_file
from driftcheck.config.settings import Settings
from driftcheck.errors import ExitCode
from driftcheck.judging.report import Report
from driftcheck.pipeline.ignored import without_what_is_ignored
from driftcheck.process import streams
from driftcheck.reports import OutputStyle, render

_WIDEST = 120


class OutputFile(click.Path):
    """The path of an output file. An invalid path is refused before the command runs."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        """Return the path. Its directory must exist."""
        path = cast("Path", super().convert(value, param, ctx))
        if not path.parent.is_dir():
            self.fail(f"the directory {str(path.parent)!r} does not exist.", param, ctx)
        return path


@dataclass(frozen=True)
class Output:
    """A format of the report, and the file to write it to; ``None`` for stdout."""

    format: str
    path: Path | None = None


class OutputType(click.ParamType):  # type: ignore[type-arg]  # generic in the types of new versions only
    """``FORMAT``, or ``FORMAT=FILE``.

    Args:
        formats: The names of the formats.
    """

    name = "format"

    def __init__(self, formats: Sequence[str]) -> None:
        self._formats = formats

    def shell_complete(self, ctx: Any, param: Any, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a format."""
        del ctx, param
        return [CompletionItem(name) for name in self._formats if name.startswith(incomplete)]

    def convert(self, value: Any, param: Any, ctx: Any) -> Output:
        """Return the format and, if given, the file."""
        name, equals, file = str(value).partition("=")
        if equals and not file:
            self.fail(f"{value} does not name a file.", param, ctx)
        if name not in self._formats:
            self.fail(f"{name!r} is not one of {', '.join(self._formats)}.", param, ctx)
        return Output(name, OutputFile().convert(file, param, ctx) if equals else None)


@dataclass(frozen=True)
class Delivery:
    """Where a report is written, and with how many details.

    Attributes:
        outputs: The formats, each with its file.
        full: Whether all details are written.
    """

    outputs: Sequence[Output]
    full: bool

    @classmethod
    def of(cls, outputs: Sequence[Output], file: Path | None, *, full: bool) -> Delivery:
        """Combine ``--format`` and ``--output``: a format without a file is written to ``file``.

        Args:
            outputs: The values of ``--format``.
            file: The value of ``--output``.
            full: Whether all details are written.

        Raises:
            UsageError: Two formats would be written to the same file, or ``--output`` is given and
                every format has a file.
        """
        without = [output for output in outputs if output.path is None]
        if len(without) > 1:
            raise click.UsageError(
                f"--format {without[0].format} and --format {without[1].format} would both be "
                "written to the same place. Name a file for one of them: "
                f"--format {without[1].format}=FILE.",
            )
        if file is not None and not without:
            raise click.UsageError(
                "--output cannot be used if every --format names a file: nothing would be "
                "written to it."
            )
        outputs = [replace(output, path=output.path or file) for output in outputs]
        paths = [output.path.resolve() for output in outputs if output.path is not None]
        for path in paths:
            if paths.count(path) > 1:
                raise click.UsageError(f"two formats would be written to {path}.")
        return cls(outputs, full)

    def __call__(self, report: Report, settings: Settings) -> ExitCode:
        """Remove what the project ignores, write the report, and return the exit code."""
        report = without_what_is_ignored(report, settings)
        self.write(partial(render, report), settings.root)
        return report.exit_code

    def write(self, make: Callable[[str, OutputStyle], str], root: Path) -> None:
        """Write a text in each format. All are made before the first file is written.

        Args:
            make: Returns the text for the name of a format and an output style.
            root: The project's directory.
        """
        directory = _directory(root)
        styles = (
            output_style_for(o.path, full=self.full, directory=directory) for o in self.outputs
        )
        texts = [make(o.format, style) for o, style in zip(self.outputs, styles, strict=True)]
        for output, text in zip(self.outputs, texts, strict=True):
            _write(text, output.path)


def write_output(make: Callable[[OutputStyle], str], path: Path | None, *, full: bool) -> None:
    """Write the output of a command that has no report to a file or to stdout.

    Args:
        make: Returns the text for an output style.
        path: The file; ``None`` for stdout.
        full: Whether all details are written.
    """
    _write(make(output_style_for(path, full=full)), path)


def output_style_for(path: Path | None, *, full: bool, directory: str = "") -> OutputStyle:
    """Return the output style of a file, or of stdout.

    A terminal has a width, and colour unless ``NO_COLOR`` is set.
    """
    if path is not None:
        return OutputStyle(full=full, directory=directory)
    out = streams.out()
    plain = OutputStyle(encoding=out.encoding or "ascii", full=full, directory=directory)
    if not out.isatty():
        return plain
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    width = min(streams.width_of(out), _WIDEST)
    return replace(plain, width=width, colour=colour, terminal=True)


def _write(text: str, path: Path | None) -> None:
    if path is None:
        streams.out().write(text)
        streams.out().flush()
    else:
        write_file(path, text)


def _directory(root: Path) -> str:
    """Return the project's directory relative to its repository; empty if there is none."""
    root = root.resolve()
    for parent in (root, *root.parents):
        if (parent / ".git").exists():
            return "" if parent == root else root.relative_to(parent).as_posix()
    return ""
