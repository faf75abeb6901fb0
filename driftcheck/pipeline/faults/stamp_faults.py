"""Makes the findings about the revisions that a live database is stamped with."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from driftcheck.databases.location import DatabaseKey
from driftcheck.databases.registry import database_for
from driftcheck.judging.findings import Finding, Remedy
from driftcheck.pipeline.database_state import DatabaseState
from driftcheck.pipeline.faults.faults import fault
from driftcheck.project.environment import LoadedProject
from driftcheck.project.project import Project
from driftcheck.quoting import quote_literal
from driftcheck.schema import Address
from driftcheck.sources.files import version_locations
from driftcheck.sources.live import Live
from driftcheck.sources.revision_search import FoundRevision, find_revision
from driftcheck.sources.walk import ancestry

Search = Callable[[str], FoundRevision | None]
"""Searches the commits of the project's repository for the file of a revision."""

_MOST_REFS = 3
_MOST_FILES = 20


def stamp_findings(
    database: DatabaseState, loaded: LoadedProject, *, is_located: bool = False
) -> Iterator[Finding]:
    """Make the findings about the revisions in the version tables of a live database.

    Args:
        database: The state of the database.
        loaded: The project.
        is_located: Whether other findings say which revision the database matches. A missing stamp
            is then theirs to report.
    """
    live = database.live
    if live is None:
        return
    if not live.stamped and live.has_tables and not is_located:
        yield missing_stamp(loaded.project)
    parents = loaded.parents()
    search = partial(find_revision, directories=version_locations(loaded.script))
    for revision in database.unknown:
        yield unknown_stamp(revision, search, parents)
    overlapping = [*overlapping_stamps(live, database.database_key, parents)]
    yield from overlapping
    stamped = database.stamped
    if len(stamped) > 1 and not database.unknown and not overlapping:
        yield fault("stamp-several", count=len(stamped), revisions=", ".join(stamped))


def missing_stamp(project: Project) -> Finding:
    """Make the finding of a database with tables that is not stamped.

    Args:
        project: The project, which knows its commands.
    """
    return fault(
        "stamp-missing",
        remedies=(
            Remedy(
                "stamp",
                "If you know the revision of the database's schema, record it.",
                "shell",
                project.command("stamp", "REVISION"),
            ),
            Remedy(
                "find the revision",
                "If not, compare the schema of the database with every revision.",
                "shell",
                project.driftcheck_command("locate"),
            ),
        ),
    )


def unknown_stamp(revision: str, search: Search, known: Collection[str]) -> Finding:
    """Make the finding of a stamp that no migration file defines.

    Args:
        revision: The revision in the version table.
        search: Searches the repository for the file of a revision.
        known: The revisions that files define.
    """
    found, missing = _found_with_ancestors(revision, search, known)
    finding = fault("stamp-unknown", revision=revision)
    remedies = [_take_files(found)] if found else []
    remedies += [_find_by_hand(absent) for absent in missing]
    why = " ".join(map(_where_it_is, found))
    return replace(finding, why=why, remedies=tuple(remedies))


def _found_with_ancestors(
    revision: str, search: Search, known: Collection[str]
) -> tuple[list[FoundRevision], list[str]]:
    """Search for a revision and for its ancestors without a file.

    Returns:
        The files that were found, and the revisions whose files were not found.
    """
    found: list[FoundRevision] = []
    missing: list[str] = []
    searched: set[str] = set()
    remaining = [revision]
    while remaining and len(found) < _MOST_FILES:
        wanted = remaining.pop()
        if wanted in known or wanted in searched:
            continue
        searched.add(wanted)
        result = search(wanted)
        if result is None:
            missing.append(wanted)
        else:
            found.append(result)
            remaining += result.parents
    return found, missing


def _find_by_hand(revision: str) -> Remedy:
    return Remedy(
        "find the migration",
        f"No commit of this clone has the migration file of {revision}. Fetch the branches of the "
        "team, and search them.",
        "shell",
        f"git fetch --all && git log --all --oneline -S{shlex.quote(revision)}",
    )


def _where_it_is(found: FoundRevision) -> str:
    if found.deleted_in:
        return f"Commit {found.deleted_in} deleted {found.file}; commit {found.commit} has it."
    if found.is_in_head:
        return f"Commit {found.commit} has it in {found.file}, which was changed or removed since."
    if not found.refs:
        return f"{found.file} is in commit {found.commit}, which no branch contains any more."
    refs = ", ".join(found.refs[:_MOST_REFS])
    more = len(found.refs) - _MOST_REFS
    others = f" and {more} more" if more > 0 else ""
    return (
        f"{found.file} is on {refs}{others} (commit {found.commit}), which the branch that is "
        "checked out does not contain."
    )


def _take_files(found: Sequence[FoundRevision]) -> Remedy:
    commands = [
        f"git checkout {each.commit} -- {shlex.quote(f':(top,literal){each.file}')}"
        for each in found
    ]
    return Remedy(
        "get the migration file",
        "Merge the branch, or take the file from its commit. To leave the revision, downgrade this "
        "database while the file is there, then remove the file again.",
        "shell",
        "\n".join(commands),
    )


def overlapping_stamps(
    live: Live, database_key: DatabaseKey, parents: Mapping[str, Collection[str]]
) -> Iterator[Finding]:
    """Make the findings of version tables that have a revision and its ancestor, or one twice.

    Alembic refuses every upgrade of such a database. Source: ``RevisionMap._get_ancestor_nodes``
    and ``HeadMaintainer._update_version`` of Alembic.

    Args:
        live: The live database.
        database_key: The database.
        parents: The parents and dependencies of each revision.
    """
    for table, stamped in live.revisions.items():
        distinct = list(dict.fromkeys(stamped))
        included = {
            ancestor: tip
            for tip in distinct
            for ancestor in distinct
            if ancestor in ancestry([tip], parents) - {tip}
        }
        if len(stamped) == len(distinct) and not included:
            continue
        address = table.address(live.snapshot)
        yield fault(
            "stamp-overlapping",
            revisions=", ".join(stamped),
            what=_overlap(stamped, included),
            remedies=(_correct(address, stamped, included, database_key.dialect),),
        )


def _overlap(stamped: Sequence[str], included: Mapping[str, str]) -> str:
    if included:
        ancestor, tip = next(iter(included.items()))
        return f"{ancestor} is an ancestor of {tip}"
    twice = next(revision for revision in stamped if stamped.count(revision) > 1)
    return f"{twice} is recorded {stamped.count(twice)} times"


def _correct(
    table: Address, stamped: Sequence[str], included: Collection[str], dialect: str
) -> Remedy:
    """Return the statements that leave each of the latest revisions once in a version table."""
    quote = database_for(dialect).quote
    name = ".".join(quote(part) for part in (table.schema, *table.path) if part)
    statements = []
    for revision in dict.fromkeys(stamped):
        literal = quote_literal(revision)
        is_repeated = stamped.count(revision) > 1
        if revision in included or is_repeated:
            statements.append(f"DELETE FROM {name} WHERE version_num = {literal};")
        if revision not in included and is_repeated:
            statements.append(f"INSERT INTO {name} (version_num) VALUES ({literal});")
    summary = "Keep only the latest revisions, each of them once."
    return Remedy("correct the version table", summary, "sql", "\n".join(statements))
