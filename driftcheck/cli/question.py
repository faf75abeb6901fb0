"""Asks the user on the terminal, also after the project's code has run."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress

from driftcheck.errors import OutputError
from driftcheck.process import streams

_STDIN = 0
_LONGEST_ANSWER = 1024


class Terminal:
    """A duplicate of stdin: after the project's code has run, stdin itself is empty."""

    def __init__(self) -> None:
        self._number = os.dup(_STDIN)

    @property
    def is_interactive(self) -> bool:
        """Whether somebody can read a question on stderr and answer it."""
        return os.isatty(self._number) and streams.err().isatty()

    def confirms(self, question: str) -> bool:
        """Ask a question. Only ``y`` and ``yes`` confirm. What was typed before is no answer.

        Args:
            question: The question, without the possible answers.
        """
        return self._answer(f"{question} [y/N] ") in ("y", "yes")

    def choice(self, question: str, choices: Sequence[str]) -> str:
        """Ask a question until one of the choices is the answer.

        Args:
            question: The question, without the choices.
            choices: The possible answers. The last one is also given by the end of the input.
        """
        while True:
            answer = self._answer(f"{question} [{'/'.join(choices)}] ")
            if answer is None:
                return choices[-1]
            if answer in choices:
                return answer

    def _answer(self, prompt: str) -> str | None:
        """Return what is typed after a prompt, in lower case; ``None`` at the end of the input."""
        with suppress(ImportError):  # not on Windows
            import termios  # noqa: PLC0415

            termios.tcflush(self._number, termios.TCIFLUSH)
        with suppress(streams.ReaderGoneError, OutputError):
            streams.err().write(prompt)
            streams.err().flush()
        answer = os.read(self._number, _LONGEST_ANSWER).decode(errors="replace")
        return answer.strip().lower() if answer else None
