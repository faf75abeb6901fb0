"""The result of ``driftcheck adopt``: the migration, what it adopts, and how it was proved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from driftcheck.errors import ExitCode
from driftcheck.judging.findings import Finding, SourceLine


@dataclass(frozen=True)
class Attempt:
    """One part of the proof: what was run on shadow databases, and whether it succeeded.

    Attributes:
        description: What was run and what followed, in a sentence.
        succeeded: Whether it was as it has to be; ``None`` if it could not be tried.
        details: The error of the database, or the objects that differ.
        database: The name of the database; empty if the migration is about one database only.
    """

    description: str
    succeeded: bool | None
    details: str = ""
    database: str = ""


@dataclass(frozen=True)
class NotAdopted:
    """A finding that the migration leaves out.

    Attributes:
        finding: The finding.
        reason: The reason in a sentence.
        by_choice: Whether it is left out because the user named other findings.
        needs_rights: Whether the role of a shadow database lacks the rights to make its drift.
    """

    finding: Finding
    reason: str
    by_choice: bool = False
    needs_rights: bool = False


@dataclass(frozen=True)
class ModelChange:
    """What has to change in the models for a finding.

    Attributes:
        summary: The change in a sentence.
        source: The line of the models; ``None`` if it was not found.
        diff: The change as a unified diff; empty if it cannot be derived.
    """

    summary: str
    source: SourceLine | None = None
    diff: str = ""


@dataclass(frozen=True)
class Adoption:
    """The migration that makes the drift official.

    Attributes:
        project: The name of the project.
        adopted: The findings that the migration is about.
        left: The findings of drift that it leaves out.
        revision: Its identifier; empty if there is nothing to adopt.
        head: The head that it follows.
        file: Where the file belongs, relative to the project if it lies within.
        destination: The same path, absolute.
        text: The text of the file.
        diff: The change of an existing file as a unified diff; empty for a new file.
        attempts: The parts of the proof.
        warnings: What a reader has to know before the migration runs.
        model_changes: What has to change in the models.
        next_steps: The commands to run when the file is written.
    """

    project: str
    adopted: tuple[Finding, ...] = ()
    left: tuple[NotAdopted, ...] = ()
    revision: str = ""
    head: str = ""
    file: str = ""
    destination: str = ""
    text: str = ""
    diff: str = ""
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()
    model_changes: tuple[ModelChange, ...] = ()
    next_steps: tuple[str, ...] = ()

    @property
    def is_proved(self) -> bool:
        """Whether every part of the proof succeeded."""
        return bool(self.attempts) and all(each.succeeded for each in self.attempts)

    @property
    def failed(self) -> Sequence[Attempt]:
        """The parts of the proof that did not succeed, or that could not be tried."""
        return [each for each in self.attempts if not each.succeeded]

    def exit_code(self, *, written: bool) -> ExitCode:
        """Return the exit code: FOUND if drift is left that no written migration adopts.

        Args:
            written: Whether the migration was written into the project.
        """
        refused = any(not each.by_choice for each in self.left)
        return ExitCode.FOUND if refused or (self.text and not written) else ExitCode.CLEAN
