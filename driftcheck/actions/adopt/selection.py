"""Selects what the options name: the findings that a migration makes official, and revisions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from driftcheck.chain import Gap, Side
from driftcheck.config.settings import Settings
from driftcheck.errors import UsageError
from driftcheck.judging.adoption import NotAdopted
from driftcheck.judging.comparison import Change
from driftcheck.judging.findings import Finding, Severity
from driftcheck.judging.ignoring import matches
from driftcheck.judging.judge import Judged
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.faults.version_tables import is_of_another_project
from driftcheck.schema import Address
from driftcheck.suggestions import with_suggestion

_OTHER_PROJECT = "The table is the version table of another project."
_IGNORED = "An ignore entry of the project matches it."
_NOT_VALID = (
    "Its index is not valid: the statement that builds it has failed or has not ended, or "
    "partitions lack it. There is nothing to adopt: repair it."
)
_NOT_NAMED = "It was not named with --only."


def select(
    judged: Sequence[Judged], database: DatabaseState, settings: Settings, only: Sequence[str]
) -> tuple[list[Judged], list[NotAdopted]]:
    """Select the findings of drift that are adopted.

    Notes are adopted only if they are named, because they need no migration. Findings that the
    project ignores are left out; those of them that were named are listed.

    Args:
        judged: The findings of the database.
        database: The state of the database.
        settings: The settings, with the ignore entries.
        only: The addresses of the findings to adopt; empty for all.

    Returns:
        The findings to adopt, and those that are left out.
    """
    adopted, left = [], []
    for each in judged:
        if not each.changes.get(Gap.DRIFT):
            continue
        named = _is_named(each.finding, only)
        if _is_ignored(each.finding, settings):
            left += [NotAdopted(each.finding, _IGNORED)] if named else []
        elif only and not named:
            left.append(NotAdopted(each.finding, _NOT_NAMED, by_choice=True))
        elif each.finding.severity is Severity.NOTE and not named:
            continue
        elif any(map(_is_not_valid, each.changes[Gap.DRIFT])):
            left.append(NotAdopted(each.finding, _NOT_VALID))
        elif is_of_another_project(each, database.snapshots.get(Side.LIVE)):
            left.append(NotAdopted(each.finding, _OTHER_PROJECT))
        else:
            adopted.append(each)
    return adopted, left


def _is_not_valid(change: Change) -> bool:
    """Whether the live database has an index that no migration can make as it is.

    An index on a partitioned table alone, which partitions lack, can be made.
    """
    attributes = {} if change.actual is None else change.actual.attributes
    return attributes.get("valid") is False and not attributes.get("only")


def require_found(only: Sequence[str], findings: Sequence[Finding]) -> None:
    """Require that every address that was named is that of a finding of drift.

    Raises:
        UsageError: An address is not.
    """
    for name in only:
        if not any(_is_named(finding, [name]) for finding in findings):
            known = sorted(_addresses(findings))
            listed = f"The objects with drift, as --only takes them: {', '.join(known) or 'none'}"
            raise UsageError(
                f"there is no drift of {name!r}", hint=with_suggestion(name, known, listed)
            )


def revisions_named(revision: str, revisions: Iterable[str]) -> list[str]:
    """Return the revisions that an identifier can mean: the one that has it, or begins with it.

    Args:
        revision: The identifier, or its beginning.
        revisions: The identifiers to select from.
    """
    known = sorted(revisions)
    return [revision] if revision in known else [r for r in known if r.startswith(revision)]


def _addresses(findings: Sequence[Finding]) -> set[str]:
    return {finding.address.sql for finding in findings if finding.address is not None}


def _is_named(finding: Finding, only: Sequence[str]) -> bool:
    return any(address in only for address in names_of(finding))


def names_of(finding: Finding) -> Iterator[str]:
    """Yield the names that ``--only`` takes for a finding; a table stands for its parts too.

    Args:
        finding: The finding.
    """
    address = finding.address
    for each in (address, finding.part_of):
        if each is not None:
            yield from (each.sql, str(each), Address(each.kind, "", each.path, each.arguments).sql)
    if finding.new_name:
        yield finding.new_name


def _is_ignored(finding: Finding, settings: Settings) -> bool:
    today = datetime.now().astimezone().date()
    return any(matches(entry, finding) for entry in settings.ignore if not entry.is_over(today))
