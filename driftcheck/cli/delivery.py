"""Delivers a report: in every form that was asked for, to where each is to go."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import click

from driftcheck.cli.files import write_file
from driftcheck.config.settings import Settings, load_settings
from driftcheck.errors import ExitCode
from driftcheck.judging.ignoring import without_ignored
from driftcheck.judging.report import Report
from driftcheck.process import streams
from driftcheck.reports import FORMATS, OutputStyle, render

_WIDEST = 120


class OutputFile(click.Path):
    """A file to be written; where it cannot be is told before all the work."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, writable=True, path_type=Path)

    def convert(self, value: Any, param: Any, ctx: Any) -> Path:
        """The file, in a directory that is there."""
        path = cast("Path", super().convert(value, param, ctx))
        if not path.parent.is_dir():
            self.fail(f"there is no directory {str(path.parent)!r}.", param, ctx)
        return path


@dataclass(frozen=True)
class Output:
    """One form of the report, and the file that it goes to; ``None`` for stdout."""

    form: str
    path: Path | None = None


class OutputType(click.ParamType):  # type: ignore[type-arg]  # generic in the types of new versions only
    """``FORM``, or ``FORM=FILE``."""

    name = "form"

    def convert(self, value: Any, param: Any, ctx: Any) -> Output:
        """The form and, where one is named, the file."""
        form, named, file = str(value).partition("=")
        if named and not file:
            self.fail(f"{value} names no file.", param, ctx)
        if form not in FORMATS:
            self.fail(f"{form!r} is not one of {', '.join(FORMATS)}.", param, ctx)
        return Output(form, OutputFile().convert(file, param, ctx) if named else None)


@dataclass(frozen=True)
class Delivery:
    """Where a report goes, and how much of it is told.

    Attributes:
        outputs: The forms, each with its file.
        full: Whether all is told in full.
    """

    outputs: Sequence[Output]
    full: bool

    @classmethod
    def of(cls, outputs: Sequence[Output], file: Path | None, *, full: bool) -> Delivery:
        """A delivery where the form that names no file goes to the one of ``--output``.

        Raises:
            UsageError: Two forms would go to one place, or ``--output`` is not needed.
        """
        without = [output for output in outputs if output.path is None]
        if len(without) > 1:
            raise click.UsageError(
                f"--format {without[0].form} and --format {without[1].form} would both go to one "
                "place. Name a file for one of them: "
                f"--format {without[1].form}=FILE.",
            )
        if file is not None and not without:
            raise click.UsageError("every --format names a file, and --output one more.")
        outputs = [replace(one, path=one.path or file) for one in outputs]
        paths = [one.path.resolve() for one in outputs if one.path is not None]
        for path in paths:
            if paths.count(path) > 1:
                raise click.UsageError(f"two forms would be written to {path}.")
        return cls(outputs, full)

    def __call__(self, report: Report, settings: Settings) -> ExitCode:
        """Take out what the project ignores, write the report, and say how the command ends.

        Every form is made before the first is written.
        """
        # Whoever looks at less than the project's file says may miss what an entry is for.
        whole = settings.extent == load_settings(settings.root, {}).extent
        today = datetime.now().astimezone().date()
        report = without_ignored(report, settings.ignore, today, whole=whole)
        directory = _directory(settings.root)
        pages = (
            output_style_for(o.path, full=self.full, directory=directory) for o in self.outputs
        )
        texts = [render(report, o.form, p) for o, p in zip(self.outputs, pages, strict=True)]
        for output, text in zip(self.outputs, texts, strict=True):
            _write(text, output.path)
        return report.exit_code


def write_output(make: Callable[[OutputStyle], str], path: Path | None, *, full: bool) -> None:
    """Write what is no report to a file or to stdout, made for where it will be read."""
    _write(make(output_style_for(path, full=full)), path)


def output_style_for(path: Path | None, *, full: bool, directory: str = "") -> OutputStyle:
    """What a file is, or stdout: a terminal has its width, and colour unless told otherwise."""
    if path is not None:
        return OutputStyle(full=full, directory=directory)
    out = streams.out()
    plain = OutputStyle(encoding=out.encoding or "ascii", full=full, directory=directory)
    if not out.isatty():
        return plain
    colour = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return replace(plain, width=min(streams.width_of(out), _WIDEST), colour=colour)


def _write(text: str, path: Path | None) -> None:
    if path is None:
        streams.out().write(text)
        streams.out().flush()
    else:
        write_file(path, text)


def _directory(root: Path) -> str:
    """The project's directory within its repository; empty where it is in none."""
    root = root.resolve()
    for parent in (root, *root.parents):
        if (parent / ".git").exists():
            return "" if parent == root else root.relative_to(parent).as_posix()
    return ""
