"""``driftcheck adopt --fix``: has the operations look first with which a merged revision fails.

Autogenerate writes such an operation on a database with drift. There it runs. On every database
that only the migrations built it fails, because the object exists already, or does not exist.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Any

from driftcheck.actions.adopt.selection import revisions_named
from driftcheck.actions.adopt.source_fixes import CannotBeRewritten, FixedSource, look_first
from driftcheck.config.settings import Settings
from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import catalog_for
from driftcheck.errors import CannotCheckError, ConfigurationError
from driftcheck.judging.adoption import Adoption, Attempt
from driftcheck.judging.comparison import compare
from driftcheck.judging.judge import addresses_of
from driftcheck.pipeline.building.opened_project import OpenedProject
from driftcheck.pipeline.building.replays import Replays, destinations_at
from driftcheck.pipeline.opening import open_project
from driftcheck.pipeline.printed_expressions import compared
from driftcheck.pipeline.progress import Progress
from driftcheck.pipeline.revision_lookup import revision_hint
from driftcheck.project.shadow_sets import ShadowSet
from driftcheck.schema import Snapshot
from driftcheck.sources.files import relative, version_locations
from driftcheck.sources.operation import Operation
from driftcheck.sources.operation_running import run_block
from driftcheck.sources.replay import RevisionFailure
from driftcheck.storage.temporary import temporary_directory

_MOST_OPERATIONS = 50


def fix(settings: Settings, revision: str, progress: Progress = lambda _: None) -> Adoption:
    """Rewrite the operations of a revision that fail on a database without drift.

    Nothing is written into the project.

    Args:
        settings: The settings.
        revision: The revision, or the beginning of its identifier.
        progress: Called with a short description of each step.

    Raises:
        DriftcheckError: The revision cannot be fixed: it does not fail, or not with an operation
            that can look first.
    """
    settings = replace(settings, gaps=(), fail_on=frozenset())
    with (
        temporary_directory("fix") as directory,
        open_project(settings, progress) as opened,
    ):
        return _Fixer(opened).run(revision, directory)


@dataclass(frozen=True)
class _Run:
    """The result of a revision on a shadow.

    Attributes:
        fault: Why it failed; ``None`` if it ran.
        schemas: The schemas afterwards.
    """

    fault: RevisionFailure | None
    schemas: dict[DatabaseKey, Snapshot]


class _Fixer:
    """Fixes a revision of a project.

    Args:
        opened: The opened project.
    """

    def __init__(self, opened: OpenedProject) -> None:
        self._loaded = opened.loaded
        self._shadows = opened.shadows
        self._replays = Replays(opened)
        self._progress = opened.progress

    def run(self, revision: str, directory: Path) -> Adoption:
        """Rewrite the revision until it runs, and prove it.

        Args:
            revision: The revision.
            directory: An empty directory for copies of the revisions.
        """
        script = self._script(revision)
        path = Path(script.path)
        parents = self._at_parents(script)
        source = path.read_bytes().decode()  # with its own line ends
        fixed, reverses = self._fixed(script, source, parents, directory)
        attempts = [*self._proved(script.revision, fixed, parents, reverses, directory)]
        shown = relative(path, self._loaded.root)
        before, after = (text.splitlines(keepends=True) for text in (source, fixed))
        return Adoption(
            self._loaded.project.name,
            revision=script.revision,
            file=shown,
            destination=str(path.resolve()),
            text=fixed,
            diff="".join(unified_diff(before, after, f"a/{shown}", f"b/{shown}")),
            attempts=tuple(attempts),
        )

    def _script(self, revision: str) -> Any:
        found = revisions_named(revision, self._loaded.revisions())
        if len(found) != 1:
            raise ConfigurationError(
                f"--fix {revision} does not name one revision of the history",
                hint=f"The revisions that begin so: {', '.join(found)}"
                if found
                else revision_hint(self._loaded.script, revision),
            )
        return self._loaded.script.get_revision(found[0])

    def _at_parents(self, script: Any) -> ShadowSet:
        """Return shadows on which everything that the revision needs has run."""
        shadow_set = self._shadows.replay_set("parents")
        parents = tuple(script._all_down_revisions)  # noqa: SLF001
        stops = [destinations_at(self._loaded.environment, parents)]
        replay = self._replays.with_stops(shadow_set, stops, lambda *_: None)
        if replay.fault is not None:
            raise CannotCheckError(
                f"revision {replay.fault.where.revision} fails, which runs before "
                f"{script.revision}",
                details=replay.fault.message,
            )
        return shadow_set

    def _fixed(
        self, script: Any, source: str, parents: ShadowSet, directory: Path
    ) -> tuple[str, list[str]]:
        """Rewrite one operation after the other until the revision runs.

        Returns:
            The source, and the operations of ``downgrade()`` that undid the rewritten ones.
        """
        text, reverses = source, list[str]()
        self._progress("running the revision")
        for number in range(_MOST_OPERATIONS):
            place = self._copied(directory / str(number), script, text)
            fault = self._run(parents, place, script.revision).fault
            if fault is None:
                break
            found = self._looking_first(text, fault)
            text, reverses = found.text, [*reverses, found.reverse]
        if text == source:
            raise ConfigurationError(
                f"revision {script.revision} needs no fix: it runs on a database that only the "
                "migrations built"
            )
        return text, reverses

    def _looking_first(self, text: str, fault: RevisionFailure) -> FixedSource:
        try:
            return look_first(text, fault.where.line or 0)
        except CannotBeRewritten as reason:
            raise CannotCheckError(
                f"revision {fault.where.revision} cannot be fixed: {reason}",
                hint="Change the operation yourself, so that it looks first.",
                details=f"{fault.message}\n{fault.statement}".strip(),
            ) from None

    def _copied(self, directory: Path, script: Any, text: str) -> list[Path]:
        """Copy the revisions of the project, one of them with another text.

        Returns:
            The version locations.
        """
        copies = []
        changed = Path(script.path).resolve()
        for number, location in enumerate(version_locations(self._loaded.script)):
            copy = directory / str(number)
            shutil.copytree(location, copy, ignore=shutil.ignore_patterns("__pycache__"))
            if changed.is_relative_to(location):
                own = copy / changed.relative_to(location)
                own.write_bytes(text.encode())
            copies.append(copy)
        return copies

    def _run(self, start: ShadowSet, locations: Sequence[Path], *revisions: str) -> _Run:
        """Upgrade copies of shadows to a revision, with the revisions in some directories."""
        copies = self._shadows.copies(start, "fixed")
        for key in start.shadows:
            self._shadows.shadow(copies, key)
        with self._loaded.revisions_from(locations):
            replay = self._replays.new(copies)
            for revision in revisions:
                if not replay.upgrade(destinations_at(self._loaded.environment, [revision])):
                    break
            schemas = {} if replay.fault else self._replays.read_all(copies)
        copies.begin_again()
        return _Run(replay.fault, schemas)

    def _proved(
        self,
        revision: str,
        text: str,
        parents: ShadowSet,
        reverses: Sequence[str],
        directory: Path,
    ) -> Iterator[Attempt]:
        """Run the fixed revision on a database without the drift and on one that has it."""
        self._progress("proving the revision")
        script = self._script(revision)
        place = self._copied(directory / "proof", script, text)
        clean = self._run(parents, place, revision)
        yield _ran(f"upgrade of a database without the drift to {revision}", clean.fault)
        whole = self._run(parents, place, *self._loaded.heads)
        yield _ran("upgrade of a database without the drift to the heads", whole.fault)
        drifted = self._shadows.copies(parents, "drifted")
        why_not = self._make_drift(drifted, reverses)
        if why_not:
            with_drift = "upgrade of a database with the drift"
            yield Attempt(with_drift, succeeded=None, details=why_not)
            return
        ran = self._run(drifted, place, revision)
        yield _ran(f"upgrade of a database with the drift to {revision}", ran.fault)
        if ran.fault is None and clean.fault is None:
            left = "\n".join(self._differences(clean, ran))
            yield Attempt(
                "both kinds of databases end with the same schema",
                succeeded=not left,
                details=left,
            )

    def _make_drift(self, drifted: ShadowSet, reverses: Sequence[str]) -> str:
        """Make the drift with the operations of ``downgrade()`` that undid the rewritten ones.

        Returns:
            Why that is not possible; empty if it was done.
        """
        if not all(reverses):
            return "downgrade() does not undo the operation, so the drift cannot be made"
        for key in self._loaded.environment.databases:
            shadow = self._shadows.shadow(drifted, key)
            for code in reversed(reverses):
                _, error = run_block([Operation(code, "", None, None)], shadow.url)
                if error is not None:
                    return f"the drift cannot be made: {error}"
        return ""

    def _differences(self, clean: _Run, drifted: _Run) -> Iterator[str]:
        for key, schema in clean.schemas.items():
            changes = compared(
                schema,
                drifted.schemas[key],
                partial(compare, same_lineage=False),
                catalog_for(key.dialect),
                partial(self._shadows.maker, key),
            ).changes
            yield from (str(address) for each in changes for address in addresses_of(each))


def _ran(description: str, fault: RevisionFailure | None) -> Attempt:
    return Attempt(description, succeeded=fault is None, details=fault.message if fault else "")
