"""Starts the process with the models of the base, and asks it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from driftcheck.actions.gate.running_code.messages import (
    Answer,
    ProjectRequest,
    Question,
    as_json,
)
from driftcheck.databases.own_work import own_work
from driftcheck.errors import CannotCheckError
from driftcheck.process.child import error_of

_SECONDS_TO_END = 5


class CodeProcess:
    """The process with the models of the base. It ends with the context.

    Its project has a standard input of its own, so that nothing but the gate writes to it.

    Args:
        request: What it loads.
        directory: The directory of the project in the checkout.
    """

    def __init__(self, request: ProjectRequest, directory: Path) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the process)
        self._is_loaded = False
        with own_work():
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "driftcheck", "running-code"],
                cwd=directory,
                env=dict(os.environ),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                encoding="utf-8",
            )
        assert self._process.stdin is not None  # noqa: S101  (for mypy: both are pipes)
        assert self._process.stdout is not None  # noqa: S101
        self._input, self._output = self._process.stdin, self._process.stdout
        self._write(as_json(request))

    def ask(self, question: Question) -> Answer:
        """Ask, and wait for the answer.

        Raises:
            CannotCheckError: The models of the base cannot be loaded, or the process has ended.
        """
        if not self._is_loaded:
            self._read()
            self._is_loaded = True
        self._write(as_json(question))
        return self._read()

    def __enter__(self) -> Self:
        """Return the process."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the process."""
        with suppress(OSError):
            self._input.close()
        try:
            self._process.wait(_SECONDS_TO_END if self._is_loaded and not kind else 0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()
        self._errors.close()

    def _write(self, line: str) -> None:
        with suppress(OSError):  # the process has ended; reading says why
            self._input.write(line)
            self._input.flush()

    def _read(self) -> Answer:
        line = self._output.readline()
        if not line:
            status = self._process.wait()
            self._errors.seek(0)
            raise error_of(self._errors.read().decode(errors="replace"), status)
        answer = Answer.from_json(line)
        if answer.error:
            raise CannotCheckError(answer.error)
        return answer
